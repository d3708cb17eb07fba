"""on_stop says goodbye: of the user, when it stops by itself."""
from locust import HttpUser, constant, task
from locust.exception import StopUser


class Member(HttpUser):
    host = "http://127.0.0.1:8000"
    wait_time = constant(0.01)

    def on_start(self):
        token = self.client.post("/login", json={"username": "ada", "password": "x"}).json()["token"]
        self.client.headers["Authorization"] = f"Token {token}"

    def on_stop(self):
        self.client.post("/private/logout", json={})

    @task
    def read(self):
        self.client.get("/private/news")
        raise StopUser()
