"""Form login of a TaskSet, the token deep in the answer, the header given by hand."""
from locust import HttpUser, TaskSet, between, task
from locust.exception import StopUser


class Session(TaskSet):
    def on_start(self):
        self.headers = {}
        self.login()

    def login(self):
        response = self.client.post("/login", data={"username": "grace@navy.mil", "password": "p&=+ ü"})
        if response.status_code == 200:
            self.headers = {"Authorization": "Bearer " + response.json()["user"]["access"]}

    @task
    def profile(self):
        self.client.get("/private/profile", headers=self.headers)
        self.client.get("/page")
        raise StopUser()


class Member(HttpUser):
    host = "http://127.0.0.1:8000"
    tasks = [Session]
    wait_time = between(0.01, 0.02)
