"""Functions as tasks, a dict of weights, grouped names: how older locustfiles are written."""
from locust import HttpUser, TaskSet, between
from locust.exception import StopUser


def index(l):
    l.client.get("/page")


def stats(l):
    with l.client.rename_request("/search?[query]"):
        l.client.get("/search?q=stats")


class UserTasks(TaskSet):
    tasks = {index: 1, stats: 1}
    left = 50

    def wait(self):
        self.left -= 1
        if self.left == 0:
            raise StopUser()
        super().wait()


class WebsiteUser(HttpUser):
    host = "http://127.0.0.1:8000"
    tasks = [UserTasks]
    wait_time = between(0.005, 0.01)
