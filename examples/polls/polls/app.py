"""The app of the polls: `polls.app:app`."""

from __future__ import annotations

from collections import Counter

from flask import Flask, abort, jsonify
from flask.typing import ResponseReturnValue

QUESTIONS = ("async or sync?", "threads or processes?", "tabs or spaces?")

app = Flask(__name__)
votes: Counter[int] = Counter()


@app.get("/")
def health() -> ResponseReturnValue:
    """Says that the app is up."""
    return jsonify(status="well")


@app.get("/polls")
def polls() -> ResponseReturnValue:
    """All questions."""
    return jsonify([{"poll": number, "question": text} for number, text in enumerate(QUESTIONS)])


@app.get("/polls/<int:number>")
def poll(number: int) -> ResponseReturnValue:
    """One question with its votes."""
    if number >= len(QUESTIONS):
        abort(404)
    return jsonify(poll=number, question=QUESTIONS[number], votes=votes[number])


@app.post("/polls/<int:number>/votes")
def vote(number: int) -> ResponseReturnValue:
    """Count a vote for the first answer."""
    if number >= len(QUESTIONS):
        abort(404)
    votes[number] += 1
    return jsonify(votes=votes[number]), 201
