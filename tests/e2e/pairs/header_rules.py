"""Headers of the session and of one request: added, replaced, left out."""
from locust import HttpUser, task
from locust.exception import StopUser


class Client(HttpUser):
    host = "http://127.0.0.1:8000"

    def on_start(self):
        self.client.headers.update({"Accept": "application/json", "X-App": "shop", "User-Agent": "Mozilla/5.0"})

    @task
    def ask(self):
        self.client.get("/page")
        self.client.get("/page", headers={"X-App": "other", "X-Request": "1"})
        self.client.get("/page", headers={"X-App": None})
        self.client.headers["X-Later"] = "yes"
        self.client.get("/page", headers={"accept": "text/html", "Origin": self.host})
        raise StopUser()
