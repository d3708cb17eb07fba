"""The token stands in a hidden field of the page."""
import re

from locust import HttpUser, task
from locust.exception import StopUser


class Visitor(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def sign(self):
        page = self.client.get("/form").text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page).group(1)
        with self.client.post("/form", data={"csrfmiddlewaretoken": token, "name": "Ada Lovelace"},
                              allow_redirects=False, catch_response=True) as response:
            if response.status_code == 302:
                response.success()
            else:
                response.failure("not redirected")
        raise StopUser()
