"""Basic authentication, right and wrong, of one request and of the whole session."""
from locust import HttpUser, task
from locust.exception import StopUser


class Member(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def enter(self):
        self.client.get("/basic", auth=("ada", "pass:word"))
        with self.client.get("/basic", name="refused", catch_response=True) as response:
            if response.status_code == 401:
                response.success()
        self.client.auth = ("ada", "pass:word")
        self.client.get("/basic")
        self.client.post("/basic", json={"a": 1})
        raise StopUser()
