"""Accounts that all users share: each is used once, who finds none stops."""
from locust import HttpUser, task
from locust.exception import StopUser

ACCOUNTS = [("carol", "p3"), ("bob", "p2"), ("alice", "p1")]


class Customer(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def order(self):
        if not ACCOUNTS:
            raise StopUser()
        name, password = ACCOUNTS.pop()
        self.client.post("/login", json={"username": name, "password": password})
        self.client.post("/echo", json={"order of": name})
