"""A FastHttpUser says the same with another client."""
from locust import FastHttpUser, task
from locust.exception import StopUser


class Fast(FastHttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def hurry(self):
        self.client.get("/items/7")
        self.client.post("/echo", json={"handle": 1, "body": "\u00fc"})
        self.client.put("/echo", data="plain text")
        self.client.get("/items/5000", name="missing")
        with self.client.get("/items/8", catch_response=True, name="wrong") as response:
            if response.json()["id"] != 7:
                response.failure("wrong id")
        raise StopUser()
