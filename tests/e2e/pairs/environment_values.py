"""Settings from the environment, with a default."""
import os

from locust import HttpUser, task
from locust.exception import StopUser

VERSION = os.environ.get("PAIRS_API_VERSION", "v1")
REGION = os.getenv("PAIRS_NOT_SET", "eu-central")


class Client(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def ask(self):
        self.client.get(f"/page/{VERSION}", headers={"X-Region": REGION})
        raise StopUser()
