"""Several user classes: two share by weight, one has a fixed count."""
from locust import HttpUser, constant, task
from locust.exception import StopUser


class Visitor(HttpUser):
    abstract = True
    host = "http://127.0.0.1:8000"
    wait_time = constant(0.02)


class Reader(Visitor):
    weight = 3

    @task
    def read(self):
        self.client.get("/page/read")
        raise StopUser()


class Writer(Visitor):
    weight = 1

    def on_start(self):
        self.client.post("/login", json={"username": "writer", "password": "w"})

    @task
    def write(self):
        self.client.post("/echo", json={"by": "writer"})
        raise StopUser()


class Admin(Visitor):
    fixed_count = 1

    @task
    def administrate(self):
        self.client.get("/page/admin", auth=("admin", "secret"))
        raise StopUser()
