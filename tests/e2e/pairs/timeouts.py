"""A request that takes too long fails, and the next one is sent."""
from locust import HttpUser, task
from locust.exception import StopUser


class Hasty(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def hurry(self):
        self.client.get("/page", timeout=5)
        response = self.client.get("/slow?ms=3000", timeout=0.15, name="slow")
        if response.status_code == 0:
            self.client.get("/page/instead")
        self.client.get("/page/after")
        raise StopUser()
