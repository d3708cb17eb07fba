"""A number that the user keeps decides what it does."""
from locust import HttpUser, task
from locust.exception import StopUser


class Player(HttpUser):
    host = "http://127.0.0.1:8000"

    def on_start(self):
        self.lives = 3
        self.name = "ada"

    @task
    def play(self):
        self.lives -= 1
        if self.lives == 2 and self.name.startswith("a"):
            self.client.get("/page/first")
        elif self.lives > 0:
            self.client.get("/page/second")
        else:
            self.client.post("/echo", json={"over": self.name.upper(), "lives": self.lives})
            raise StopUser()
