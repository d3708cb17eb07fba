"""allow_redirects=False: the redirect is the answer, its Location is used."""
from locust import HttpUser, task
from locust.exception import StopUser


class Stayer(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def stay(self):
        response = self.client.get("/redirect/302?to=/page/after", allow_redirects=False)
        self.client.get(response.headers["Location"])
        self.client.post("/redirect/303?to=/page/other", json={}, allow_redirects=False)
        self.client.head("/redirect/301?to=/page/third")
        self.client.options("/redirect/307?to=/echo")
        raise StopUser()
