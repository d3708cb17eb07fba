"""Several values of the same item of a list, by its number."""
from locust import HttpUser, task
from locust.exception import StopUser


class Buyer(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def buy(self):
        items = self.client.get("/items").json()["items"]
        for index, item in enumerate(items):
            self.client.post("/echo", json={"line": index, "product": item["id"], "name": item["name"]})
        raise StopUser()
