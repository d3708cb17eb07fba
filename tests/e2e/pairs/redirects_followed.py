"""Redirects are followed: one row, the first name; what becomes of method and body depends on the status."""
from locust import HttpUser, task
from locust.exception import StopUser


class Follower(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def follow(self):
        for status in (301, 302, 303, 307, 308):
            self.client.get(f"/redirect/{status}?to=/page/got")
            self.client.post(f"/redirect/{status}?to=/echo", json={"status": status}, headers={"X-Kept": "yes"})
        for status in (303, 307, 308):
            self.client.put(f"/redirect/{status}?to=/echo", data={"a": "b"})
            self.client.delete(f"/redirect/{status}?to=/echo")
        self.client.get("/redirect/302?to=/redirect/301%3Fto=/page/deep")
        self.client.get("/redirect/302?to=relative/page")
        self.client.get("/redirect/302?to=/status/404", name="to nowhere")
        self.client.get("/redirect/302?to=/page%23fragment")
        self.client.post("/form", data={"csrfmiddlewaretoken": "wrong"}, name="refused")
        raise StopUser()
