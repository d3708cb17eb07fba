"""Each user takes the next row of a CSV file."""
import csv
import itertools
from pathlib import Path

from locust import HttpUser, task
from locust.exception import StopUser

with open(Path(__file__).with_name("people.csv"), newline="", encoding="utf-8") as file:
    PEOPLE = itertools.cycle(list(csv.DictReader(file)))


class Person(HttpUser):
    host = "http://127.0.0.1:8000"

    def on_start(self):
        self.person = next(PEOPLE)
        self.client.post("/login", json={"username": self.person["email"], "password": "x"})

    @task
    def introduce(self):
        self.client.post("/echo", json={"name": self.person["name"], "note": self.person["note"]})
        self.client.get("/search", params={"q": self.person["name"]}, name="/search")
        raise StopUser()
