"""Requests to a second host beside the first, and a redirect over to it."""
from locust import HttpUser, task
from locust.exception import StopUser

ASSETS = "http://127.0.0.1:8001"


class Browser(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def browse(self):
        self.client.get("/page", headers={"X-Page": "1"})
        self.client.get(ASSETS + "/page/logo", name="logo")
        self.client.post(f"{ASSETS}/echo", json={"seen": True}, name="beacon")
        self.client.get("/redirect/302?to=" + ASSETS + "/page/moved", name="moved",
                        headers={"Authorization": "Token secret", "X-Kept": "yes"})
        self.client.get("/page/last")
        raise StopUser()
