"""404 and 409 are answers that were hoped for; a plain 404 is a failure."""
from locust import HttpUser, task
from locust.exception import StopUser


class Visitor(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def look(self):
        with self.client.get("/items/5000", catch_response=True, name="may be missing") as response:
            if response.status_code == 404:
                response.success()
        with self.client.post("/status/409", catch_response=True, name="conflict") as response:
            if response.status_code in (201, 409):
                response.success()
            else:
                response.failure("unexpected")
        with self.client.get("/status/500", catch_response=True, name="may not break") as response:
            if response.status_code == 404:
                response.success()
        self.client.get("/items/5000")
        self.client.get("/status/304")
        self.client.get("/status/299")
        raise StopUser()
