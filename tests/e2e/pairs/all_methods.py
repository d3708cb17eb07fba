"""Each method, with and without a body."""
from locust import HttpUser, task
from locust.exception import StopUser


class Tester(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def test(self):
        self.client.get("/echo")
        self.client.post("/echo", json={"a": 1})
        self.client.put("/echo", json={"a": 2})
        self.client.patch("/echo", json={"a": 3})
        self.client.delete("/echo")
        self.client.delete("/echo", json={"ids": [1, 2]})
        self.client.head("/echo")
        self.client.options("/echo")
        self.client.request("GET", "/echo", name="by request()")
        self.client.get("/echo", json={"in": "a GET"})
        raise StopUser()
