"""Starts a job and asks until it is done, at most ten times."""
import time

from locust import HttpUser, task
from locust.exception import StopUser


class Waiter(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def work(self):
        job = self.client.post("/jobs", json={"input": "large"}).json()["id"]
        status, tries = "pending", 0
        while status != "done" and tries < 10:
            time.sleep(0.02)
            status = self.client.get(f"/jobs/{job}", name="/jobs/[id]").json()["status"]
            tries += 1
        if status == "done":
            self.client.get(f"/jobs/{job}/result", name="/jobs/[id]/result")
        raise StopUser()
