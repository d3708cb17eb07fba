"""Cookies that the locustfile sets, reads and forgets."""
from locust import HttpUser, task
from locust.exception import StopUser


class Guest(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def visit(self):
        self.client.cookies.set("consent", "yes")
        self.client.get("/cookies")
        self.client.get("/set-cookie?session=abc")
        self.client.get("/cookies")
        self.client.post("/echo", json={"session": self.client.cookies.get("session")})
        self.client.cookies.clear()
        self.client.get("/cookies")
        raise StopUser()
