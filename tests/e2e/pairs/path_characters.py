"""Paths with blanks, umlauts and what else is escaped on the way."""
from locust import HttpUser, task
from locust.exception import StopUser


class Reader(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def read(self):
        name = "crème brûlée"
        self.client.get("/page/crème brûlée")
        self.client.get(f"/page/{name}", name="/page/[name]")
        self.client.get("/page/a%20b/c;d=e,f@g:h!$&'()*+=~")
        raise StopUser()
