"""Texts as they are, with and without a content type, and no body where one could be."""
from locust import HttpUser, task
from locust.exception import StopUser

ENVELOPE = """<?xml version="1.0" encoding="utf-8"?>
<order>
  <item>12</item>
</order>
"""


class Writer(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def send(self):
        self.client.post("/echo", data=ENVELOPE, headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": "\"order\""})
        self.client.post("/echo", data="no type given")
        self.client.post("/echo", data="grün".encode(), headers={"Content-Type": "text/plain"})
        self.client.post("/echo")
        self.client.put("/echo", data="a=b&c=d", headers={"Content-Type": "application/x-www-form-urlencoded"})
        raise StopUser()
