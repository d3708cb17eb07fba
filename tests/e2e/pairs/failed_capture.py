"""An answer that lacks what is needed ends the task; the user goes on with the next one."""
from locust import HttpUser, SequentialTaskSet, task
from locust.exception import StopUser


class Steps(SequentialTaskSet):
    @task
    def incomplete(self):
        with self.client.get("/items/7", catch_response=True) as response:
            if "seller" not in response.json():
                response.failure("no seller")
                return
            seller = response.json()["seller"]
        self.client.get(f"/page/{seller}", name="never")

    @task
    def next_one(self):
        self.client.get("/page/next")
        raise StopUser()


class Buyer(HttpUser):
    host = "http://127.0.0.1:8000"
    tasks = [Steps]
