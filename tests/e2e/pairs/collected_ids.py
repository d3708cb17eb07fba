"""Creates things, remembers their ids, reads and deletes any of them; nothing happens while there are none."""
import random

from locust import HttpUser, SequentialTaskSet, task
from locust.exception import StopUser


class Items(SequentialTaskSet):
    def on_start(self):
        self.ids = []

    @task
    def nothing_yet(self):
        if not self.ids:
            return
        self.client.get("/items/0")

    @task(3)
    def create(self):
        response = self.client.post("/items", json={"name": "thing"})
        if response.status_code == 201:
            self.ids.append(response.json()["id"])

    @task(2)
    def read(self):
        if not self.ids:
            return
        self.client.get(f"/items/{random.choice(self.ids)}", name="/items/[id]")

    @task
    def delete(self):
        for item in self.ids:
            self.client.delete(f"/items/{item}", name="/items/[id]")
        raise StopUser()


class Owner(HttpUser):
    host = "http://127.0.0.1:8000"
    tasks = [Items]
