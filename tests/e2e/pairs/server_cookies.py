"""Cookies of the server: kept, replaced, bound to a path, expired, set on a redirect."""
from locust import HttpUser, task
from locust.exception import StopUser


class Guest(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def visit(self):
        self.client.get("/cookies")
        self.client.get("/set-cookie?session=abc123")
        self.client.get("/cookies")
        self.client.get("/set-cookie?theme=dark; Path=/cookies")
        self.client.get("/cookies")
        self.client.get("/page")
        self.client.get("/set-cookie?session=second; HttpOnly; SameSite=Lax")
        self.client.get("/cookies")
        self.client.get("/set-cookie?session=; Max-Age=0")
        self.client.get("/cookies")
        self.client.get("/set-cookie?once=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
        self.client.get("/set-cookie?later=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT; Path=/")
        self.client.get("/set-cookie?hidden=1; Secure")
        self.client.get("/set-cookie?foreign=1; Domain=example.org")
        self.client.get("/cookies")
        self.client.post("/login", data={"username": "cookie", "password": "x", "next": "/cookies"})
        self.client.get("/cookies")
        raise StopUser()
