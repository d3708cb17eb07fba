"""Sleeps within a task."""
import random
import time

from locust import HttpUser, task
from locust.exception import StopUser


class Slow(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def sleep(self):
        for _ in range(5):
            self.client.get("/page/before")
            time.sleep(0.1)
            self.client.get("/page/after")
            time.sleep(random.uniform(0.1, 0.1001))
        raise StopUser()
