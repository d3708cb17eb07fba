"""Tries again while the server is busy; only the last answer decides, the others are handled."""
from locust import HttpUser, task
from locust.exception import StopUser


class Patient(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def attempt(self):
        for attempt in range(5):
            with self.client.get(f"/flaky/a?attempt={attempt}", name="/flaky", catch_response=True) as response:
                if response.status_code == 503:
                    response.success()
            if response.status_code == 200:
                break
        self.client.post("/echo", json={"attempts": attempt + 1})
        raise StopUser()
