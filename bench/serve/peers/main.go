// The endpoints of /bench that other languages are measured by, on Go's own net/http: main HOST PORT
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

type message struct {
	Message string `json:"message"`
}

type waited struct {
	Calls int `json:"calls"`
	Ms    int `json:"ms"`
}

type record struct {
	ID     int      `json:"id"`
	Name   string   `json:"name"`
	Price  float64  `json:"price"`
	Active bool     `json:"active"`
	Tags   []string `json:"tags"`
	Note   *string  `json:"note"`
}

type page struct {
	Size    int      `json:"size"`
	Records []record `json:"records"`
}

const most = 1000

var rows = made()

func made() []record {
	tags := []string{"red", "green", "blue"}
	rows := make([]record, most)
	for place := range rows {
		id := place + 1
		row := record{ID: id, Name: fmt.Sprintf("record %d", id), Price: float64(id) * 1.25, Active: id%2 == 0}
		row.Tags = tags[:id%4]
		if id%3 == 0 {
			note := fmt.Sprintf("note on %d", id)
			row.Note = &note
		}
		rows[place] = row
	}
	return rows
}

func answer(out http.ResponseWriter, data any) {
	body, err := json.Marshal(data)
	if err != nil {
		http.Error(out, "", http.StatusInternalServerError)
		return
	}
	out.Header().Set("Content-Type", "application/json")
	out.Header().Set("Content-Length", strconv.Itoa(len(body)))
	out.Write(body)
}

// As the app does: a number in its bounds, or 422.
func whole(out http.ResponseWriter, in *http.Request, name string, usual int) (int, bool) {
	said := in.URL.Query().Get(name)
	if said == "" {
		return usual, true
	}
	number, err := strconv.Atoi(said)
	if err != nil || number < 0 || number > most {
		http.Error(out, name+": 0 to 1000", http.StatusUnprocessableEntity)
		return 0, false
	}
	return number, true
}

func constant(data any) http.HandlerFunc {
	return func(out http.ResponseWriter, _ *http.Request) { answer(out, data) }
}

// New records for each answer, as the app builds its models.
func models(out http.ResponseWriter, in *http.Request) {
	if size, ok := whole(out, in, "size", 50); ok {
		answer(out, page{size, append([]record(nil), rows[:size]...)})
	}
}

func wait(out http.ResponseWriter, in *http.Request) {
	if ms, ok := whole(out, in, "ms", 10); ok {
		time.Sleep(time.Duration(ms) * time.Millisecond)
		answer(out, waited{1, ms})
	}
}

func main() {
	routes := http.NewServeMux()
	routes.HandleFunc("/health/live", constant(map[string]string{"status": "ok"}))
	routes.HandleFunc("/bench/ping", constant(message{"pong"}))
	routes.HandleFunc("/bench/noop/async", constant(message{"hello"}))
	routes.HandleFunc("/bench/json/model", models)
	routes.HandleFunc("/bench/io/async", wait)
	server := http.Server{Addr: net.JoinHostPort(os.Args[1], os.Args[2]), Handler: routes, IdleTimeout: 75 * time.Second}
	log.Fatal(server.ListenAndServe())
}
