"""A user nobody else is: uuid, random letters, numbers, the date."""
import random
import string
import uuid
from datetime import datetime, timezone

from locust import HttpUser, task
from locust.exception import StopUser


class Newcomer(HttpUser):
    host = "http://127.0.0.1:8000"

    def on_start(self):
        self.username = f"user-{uuid.uuid4()}"
        self.password = "".join(random.choice(string.ascii_lowercase) for _ in range(12))
        self.client.post("/items", json={
            "username": self.username, "email": f"{self.username}@example.org", "password": self.password,
            "age": random.randint(18, 99), "score": round(random.uniform(0, 1), 2),
            "day": datetime.now(timezone.utc).strftime("%Y-%m-%d"), "country": random.choice(["de", "fr"])})

    @task
    def enter(self):
        with self.client.post("/login", json={"username": self.username, "password": self.password},
                              catch_response=True) as response:
            if response.json()["user"]["name"] != self.username:
                response.failure("somebody else")
        raise StopUser()
