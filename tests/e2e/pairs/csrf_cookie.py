"""Django's way: the token comes as a cookie and goes back as a header."""
from locust import HttpUser, task
from locust.exception import StopUser


class Visitor(HttpUser):
    host = "http://127.0.0.1:8000"

    def on_start(self):
        response = self.client.get("/form")
        csrftoken = response.cookies["csrftoken"]
        self.client.post("/form", {"username": "ada", "password": "x"},
                         headers={"X-CSRFToken": csrftoken, "Referer": self.host + "/form"})

    @task
    def index(self):
        self.client.get("/cookies")
        self.client.post("/form", {"comment": "well done"},
                         headers={"X-CSRFToken": self.client.cookies["csrftoken"]})
        raise StopUser()
