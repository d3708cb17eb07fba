"""The id of what was created is the end of its Location; an answer that is a list; a task that ends early."""
from locust import HttpUser, SequentialTaskSet, task
from locust.exception import RescheduleTask, StopUser


class Steps(SequentialTaskSet):
    @task
    def create(self):
        response = self.client.post("/items", json={"name": "thing"})
        created = response.headers["Location"].split("/")[-1]
        self.client.get(f"/items/{created}", name="/items/[id]")
        second = self.client.get("/list").json()[1]["id"]
        self.client.get(f"/items/{second}", name="/items/[id]")

    @task
    def give_up(self):
        with self.client.get("/items/5000", catch_response=True) as response:
            response.success()
        if response.status_code != 200:
            raise RescheduleTask()
        self.client.get("/page/never")

    @task
    def last(self):
        response = self.client.get("/items/7")
        if response.status_code == 200:
            raise StopUser()
        self.client.get("/page/never")


class Maker(HttpUser):
    host = "http://127.0.0.1:8000"
    tasks = [Steps]
