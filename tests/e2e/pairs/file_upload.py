"""multipart/form-data: fields and a file."""
from pathlib import Path

from locust import HttpUser, task
from locust.exception import StopUser

PICTURE = Path(__file__).with_name("picture.png").read_bytes()


class Uploader(HttpUser):
    host = "http://127.0.0.1:8000"

    @task
    def upload(self):
        self.client.post("/upload", data={"title": "A picture", "number": 3},
                         files={"picture": ("mine.png", PICTURE, "image/png")})
        self.client.put("/upload", files={"picture": ("picture.png", PICTURE, "application/octet-stream")})
        raise StopUser()
