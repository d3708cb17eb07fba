"""A list is a list; a number stays a number, a text that looks like one a text."""
import csv
from pathlib import Path

from locust import HttpUser, task
from locust.exception import StopUser

with open(Path(__file__).with_name("people.csv"), newline="", encoding="utf-8") as file:
    PERSON = next(csv.DictReader(file))


class Buyer(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def buy(self):
        item = self.client.get("/items/12").json()
        self.client.post("/echo", json={
            "sku": item["sku"], "flag": item["flag"], "tags": item["tags"], "id": item["id"],
            "code": str(item["id"]), "pin": PERSON["pin"],
        })
        raise StopUser()
