"""A web server for tests of downloads."""
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer


class Mirror:
    """A web server on this machine; what it serves can be changed, what was asked of it is noted."""

    def __init__(self, content):
        mirror = self
        self.content, self.asked = dict(content), []

        class Handler(SimpleHTTPRequestHandler):
            def log_message(self, *message):
                pass

            def do_GET(self):
                name = self.path.rpartition("/")[2]
                mirror.asked.append(name)
                data = mirror.content.get(name)
                if data is None:
                    return self.send_error(404)
                self.send_response(200)
                self.send_header("Content-Length", str(len(data) + mirror.missing))
                self.end_headers()
                self.wfile.write(data)

        self.missing = 0                                 # bytes it announces and does not send
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/mnist"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
