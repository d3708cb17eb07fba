"""Takes any of what an answer lists, and the first and the last of it."""
import random

from locust import HttpUser, task
from locust.exception import StopUser


class Buyer(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def buy(self):
        items = self.client.get("/items").json()["items"]
        if len(items) == 0:
            return
        item = random.choice(items)
        self.client.post("/echo", json={"product": item["id"], "quantity": random.randint(1, 3)})
        self.client.get(f"/items/{items[0]['id']}", name="first")
        self.client.get(f"/items/{items[-1]['id']}", name="last")
        self.client.get(f"/page/{items[1]['name']}", name="second")
        raise StopUser()
