"""A SequentialTaskSet begins again at its end; a weight is so many times in a row."""
from locust import HttpUser, SequentialTaskSet, task
from locust.exception import StopUser


class Steps(SequentialTaskSet):
    def on_start(self):
        self.rounds = 0

    @task
    def one(self):
        self.rounds += 1
        if self.rounds == 3:
            raise StopUser()
        self.client.get("/page/one")

    @task(3)
    def two(self):
        self.client.get("/page/two")

    @task
    def three(self):
        self.client.get("/page/three")


class Walker(HttpUser):
    host = "http://127.0.0.1:8000"
    tasks = [Steps]
