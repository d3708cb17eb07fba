"""A set of tasks within a user's tasks: entered by its weight, left by one of its own."""
from locust import HttpUser, TaskSet, constant, task


def home(user):
    user.client.get("/page/home")


class Forum(TaskSet):
    @task(2)
    def thread(self):
        self.client.get("/page/thread")

    @task(1)
    def enough(self):
        self.client.get("/page/enough")
        self.interrupt()


class Member(HttpUser):
    host = "http://127.0.0.1:8000"
    wait_time = constant(0.005)
    tasks = {home: 3, Forum: 1}
