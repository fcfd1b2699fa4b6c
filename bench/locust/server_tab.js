// The Server tab of Locust's page: charts of the server next to the load, the caveats as they arise, and the runs.
// It asks for the figures once a second, and loads nothing else. Without it the tab is a table.
(() => {
  "use strict";

  const LIGHT = ["#332288", "#cc6677", "#117733", "#3a9bd0", "#882255", "#857f1e", "#aa4499", "#2f9186"];
  const DARK = ["#a99cf5", "#f08c9c", "#5fc47a", "#88ccee", "#e07aa8", "#ddcc77", "#d98ad0", "#5fd0c2"];
  const MOST_POINTS = 3600, MOST_DRAWN = 300, SATURATED = 0.8;
  const WIDTH = 340, HEIGHT = 130, LEFT = 44, BOTTOM = 18, TOP = 6, RIGHT = 8;
  const STYLE = `
    #bench-server .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(320px, 100%), 1fr)); gap: 16px; }
    #bench-server figure { margin: 0; min-width: 0; }
    #bench-server figcaption { font-weight: 600; font-size: 14px; margin-bottom: 2px; }
    #bench-server svg { width: 100%; height: auto; display: block; }
    #bench-home .legend { display: flex; flex-wrap: wrap; gap: 2px 12px; font-size: 12px; margin: 2px 0 0; padding: 0 !important; list-style: none; }
    #bench-server .legend b { display: inline-block; width: 14px; height: 3px; margin-right: 4px; vertical-align: middle; }
    #bench-home { padding: 0 16px; font-family: Roboto, Helvetica, Arial, sans-serif; font-size: 14px; overflow-wrap: anywhere; }
    #bench-home p { margin: 12px 0 4px; }
    #bench-home ul { margin: 4px 0 12px; padding-left: 20px; }
    #bench-home a { color: inherit; }`;

  let points = [], state = { runs: [], test: 0, why: "", fault: "" };

  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };

  const shape = (name, attributes, text = "") => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  };

  const isDark = () => {
    const parts = getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g) || [255, 255, 255];
    return 0.299 * parts[0] + 0.587 * parts[1] + 0.114 * parts[2] < 128;
  };

  const colour = (place) => (isDark() ? DARK : LIGHT)[place % LIGHT.length];

  const show = (number) =>
    number === null || number === undefined ? "–" : number >= 100 ? Math.round(number).toLocaleString("en") : String(+number.toPrecision(3));

  /** The first of 1, 2, 5, 10, ... that is not below a number. */
  const ceiling = (number) => {
    const power = 10 ** Math.floor(Math.log10(number || 1));
    return [1, 2, 5, 10].map((times) => times * power).find((one) => one >= number * 0.999);
  };

  /** A chart of lines over the time of the test; a line has a name, its values point by point, and may be dashed. */
  const chart = (title, unit, lines) => {
    const step = Math.ceil(points.length / MOST_DRAWN), drawn = points.filter((_, at) => (points.length - 1 - at) % step === 0);
    const end = points.length ? points[points.length - 1].t_s : 1;
    const values = lines.map((line) => drawn.map(line.of));
    const top = ceiling(Math.max(...values.flat().filter((one) => one !== null && one !== undefined), 0) || 1);
    const x = (t) => LEFT + (t / end) * (WIDTH - LEFT - RIGHT);
    const y = (value) => TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM);
    const last = (line) => show(drawn.length ? line.of(drawn[drawn.length - 1]) : null);
    const label = `${title}: ${lines.map((line) => `${line.name} ${last(line)} ${unit}`).join(", ")}`;
    const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label });
    for (const part of [0, 0.5, 1]) {
      svg.append(
        shape("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(part * top), y2: y(part * top), stroke: "currentColor", "stroke-opacity": 0.2 }),
        shape("text", { x: LEFT - 4, y: y(part * top) + 4, "text-anchor": "end", "font-size": 11, fill: "currentColor" }, show(part * top)),
      );
    }
    svg.append(
      shape("text", { x: LEFT, y: HEIGHT - 4, "font-size": 11, fill: "currentColor" }, "0 s"),
      shape("text", { x: WIDTH - RIGHT, y: HEIGHT - 4, "text-anchor": "end", "font-size": 11, fill: "currentColor" }, `${show(end)} s`),
    );
    lines.forEach((line, place) => {
      const stroke = colour(line.colour ?? place);
      let d = "", isOpen = false;
      drawn.forEach((point, at) => {
        const value = values[place][at];
        const isThere = value !== null && value !== undefined;
        if (isThere) d += `${isOpen ? "L" : "M"}${x(point.t_s).toFixed(1)} ${y(value).toFixed(1)}`;
        isOpen = isThere;
      });
      svg.append(shape("path", { d: d || "M0 0", fill: "none", stroke, "stroke-width": 1.5, "stroke-dasharray": line.dashed ? "4 3" : "none" }));
    });
    const legend = element("ul", { class: "legend" }, ...lines.map((line, place) =>
      element("li", {}, element("b", { style: `background:${colour(line.colour ?? place)}` }), `${line.name} ${last(line)}`)));
    return element("figure", {}, element("figcaption", {}, `${title}${unit ? ` (${unit})` : ""}`), svg, legend);
  };

  const pids = () => [...new Set(points.flatMap((point) => point.workers.map((worker) => worker.pid)))];

  /** A line for each worker that has a figure. */
  const byWorker = (of, suffix = "", dashed = false) =>
    pids().map((pid, place) => ({
      name: `${pid}${suffix}`,
      colour: place,
      dashed,
      of: (point) => {
        const worker = point.workers.find((one) => one.pid === pid);
        const value = worker ? of(worker) : null;
        return value === undefined ? null : value;
      },
    })).filter((line) => points.some((point) => line.of(point) !== null));

  const whereAny = (lines) => lines.filter((line) => points.some((point) => line.of(point) > 0));

  const charts = () => {
    const found = [], add = (title, unit, lines) => { if (lines.length) found.push(chart(title, unit, lines)); };
    add("CPU by worker process", "cores", byWorker((one) => one.cpu));
    add("Memory by worker process", "MB", byWorker((one) => one.rss_bytes / 1e6));
    add("Requests by worker process", "per s", byWorker((one) => one.rps));
    add("Event loop lag", "ms", byWorker((one) => one.loop_lag_ms));
    add("Threads", "", byWorker((one) => one.threads));
    add("Thread pool", "busy", [...byWorker((one) => one.tokens_busy), ...whereAny(byWorker((one) => one.tokens_waiting, " waiting", true))]);
    add("Database pool", "busy", [...byWorker((one) => one.pool_busy), ...whereAny(byWorker((one) => one.pool_waiting, " waiting", true))]);
    add("Response time from the intended start", "ms", [
      { name: "p50", of: (point) => point.response.p50_ms },
      { name: "p99", of: (point) => point.response.p99_ms },
      { name: "p99.9", of: (point) => point.response.p999_ms },
      { name: "p99 from the sending", of: (point) => point.service.p99_ms, dashed: true },
    ]);
    add("CPU of the busiest generator process", "cores", [{ name: "generator", of: (point) => point.generator_cpu }]);
    return found;
  };

  const sentence = () => {
    if (state.fault) return `Of the run of this test: ${state.fault}.`;
    if (state.why) return state.why;
    if (!points.length) return "The first figures come with the first seconds of a test.";
    const lacks = [];
    if (!byWorker((one) => one.rps).length) lacks.push("its answers do not name the worker (header X-Worker)");
    if (!byWorker((one) => one.loop_lag_ms).length) lacks.push("the app writes no telemetry (loop lag, thread pool, database pool)");
    return lacks.length ? `Not all is known of this server: ${lacks.join("; ")}.` : "";
  };

  /** What came of a test; with details the limits that it does not keep. */
  const runLine = (run, hasDetails) => {
    const words = { passed: "all objectives hold", failed: "not all objectives hold", none: run.is_valid ? "no objectives" : "not valid" };
    const line = element("p", {}, element("b", {}, `Verdict of ${run.run}: ${words[run.verdict]}`), `; ${run.requests.toLocaleString("en")} requests. `);
    line.append(run.report ? element("a", { href: run.report, target: "_blank" }, "Report") : "Its report is being drawn.");
    const broken = run.lines.filter((one) => !one.startsWith("passed"));
    return hasDetails && broken.length ? [line, element("ul", {}, ...broken.map((one) => element("li", {}, one)))] : [line];
  };

  const tabs = () => document.querySelector("[role=tablist]");
  const shownTab = () => [...document.querySelectorAll("[role=tab][aria-selected=true]")].map((one) => one.textContent.trim())[0];

  /** A part of ours below the row of tabs, or at the end of the page where there is no such row. */
  const place = (id) => {
    const all = document.getElementById("bench-home") || element("div", { id: "bench-home" }, element("div", { id: "bench-notice" }), element("section", { id: "bench-server" }));
    const row = tabs() && tabs().closest("[class*=MuiTabs-root]");
    if (row && all.previousElementSibling !== row.parentElement) row.parentElement.after(all);
    if (!row && !all.isConnected) document.body.append(all);
    return all.querySelector(`#${id}`);
  };

  const drawNotice = () => {
    const lines = [], last = points[points.length - 1], run = state.runs[state.runs.length - 1];
    if (last && last.generator_cpu > SATURATED && state.isRunning) {
      lines.push(element("p", {}, element("b", {}, "generator-saturated"), `: the busiest generator process uses ${Math.round(100 * last.generator_cpu)} % of its core; give it more processes, or fewer users.`));
    }
    if (run && !state.isRunning) lines.push(...runLine(run, true));
    place("bench-notice").replaceChildren(...lines);
  };

  /** The runs that the notice does not show, the last one first. */
  const others = () => (state.isRunning ? state.runs : state.runs.slice(0, -1)).slice().reverse();

  const drawServer = () => {
    const home = place("bench-server");
    if (shownTab() !== "Server") { home.replaceChildren(); return; }
    const last = points[points.length - 1], caveats = last ? last.caveats : [], said = sentence();
    const parts = [];
    if (said) parts.push(element("p", {}, said));
    if (caveats.length) {
      parts.push(element("p", {}, "Reasons to doubt the figures so far:"),
        element("ul", {}, ...caveats.map((one) => element("li", {}, element("b", {}, one.code), `: ${one.text}`))));
    }
    parts.push(element("div", { class: "grid" }, ...charts()), ...others().flatMap((one) => runLine(one, false)));
    home.replaceChildren(...parts);
  };

  /** Links to the reports of this session, in the tab that has Locust's own downloads. */
  const addDownloads = () => {
    const own = [...document.querySelectorAll("a")].find((one) => one.textContent.trim() === "Download Report");
    const item = own && own.closest("li");
    if (!item) return;
    const known = new Set([...item.parentElement.querySelectorAll("a")].map((one) => one.getAttribute("href")));
    for (const run of state.runs.filter((one) => one.report && !known.has(one.report))) {
      const copy = item.cloneNode(true), link = copy.querySelector("a");
      link.setAttribute("href", run.report);
      link.textContent = `Report of ${run.run}`;
      item.parentElement.append(copy);
    }
  };

  const draw = () => { drawNotice(); drawServer(); addDownloads(); };

  const ask = async () => {
    const since = points.length ? points[points.length - 1].t_s : -1;
    try {
      const answer = await fetch(`./bench/live?test=${state.test}&since=${since}`);
      if (!answer.ok) return;
      const found = await answer.json();
      if (found.test !== state.test) points = [];
      for (const point of found.points) if (!points.length || point.t_s > points[points.length - 1].t_s) points.push(point);
      if (points.length > MOST_POINTS) points = points.slice(-MOST_POINTS);
      state = found;
      draw();
    } catch { /* Locust has gone, or is starting again */ }
  };

  document.head.append(element("style", {}, STYLE));
  setInterval(() => { if (!document.hidden) ask(); }, 1000);
  document.addEventListener("click", () => setTimeout(draw, 50));
  ask();
})();
