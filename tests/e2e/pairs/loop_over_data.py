"""Goes through lists: one of its own, one that an answer brought."""
from locust import HttpUser, task
from locust.exception import StopUser

DRINKS = ["tea", "coffee", "hot chocolate"]


class Reader(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def read(self):
        for drink in DRINKS:
            self.client.get("/search", params={"q": drink}, name="/search")
        for item in self.client.get("/items").json()["items"]:
            self.client.get(f"/items/{item['id']}", name="/items/[id]")
            if item["id"] > 11:
                self.client.post("/echo", json={"big": item["id"]})
        for page in range(1, 4):
            self.client.get(f"/items?page={page}", name="/items?page=[n]")
        raise StopUser()
