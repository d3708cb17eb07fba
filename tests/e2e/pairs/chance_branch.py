"""Three times of ten something else happens."""
import random

from locust import HttpUser, constant, task


class Undecided(HttpUser):
    host = "http://127.0.0.1:8000"
    wait_time = constant(0.005)

    @task
    def decide(self):
        if random.randint(1, 10) <= 3:
            self.client.get("/page/rare")
        else:
            self.client.get("/page/common")
