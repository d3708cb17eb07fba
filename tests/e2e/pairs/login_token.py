"""Logs in once, keeps the token in the session's headers."""
from locust import HttpUser, constant, task
from locust.exception import StopUser


class Author(HttpUser):
    host = "http://127.0.0.1:8000"
    wait_time = constant(0.01)

    def on_start(self):
        answer = self.client.post("/login", json={"username": "ada", "password": "se\"cret"})
        self.token = answer.json()["token"]
        self.client.headers.update({"Authorization": f"Token {self.token}"})

    @task
    def write(self):
        self.client.get("/private/articles")
        self.client.post("/private/articles", json={"title": "On engines"})
        raise StopUser()
