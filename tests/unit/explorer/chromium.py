"""A real browser without a window, driven over the DevTools protocol on two pipes; no driver and no port."""

import base64
import itertools
import json
import os
import select
import shutil
import subprocess
import time

NAMES = ("chromium", "google-chrome", "chromium-browser", "google-chrome-stable")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe")
PATIENCE_S = 20


def find_chromium():
    """Return the path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Chromium:
    """One browser with one tab."""

    def __init__(self, program, profile):
        browser_reads, self._to = os.pipe()
        self._from, browser_writes = os.pipe()
        # The protocol wants descriptors 3 and 4; the second pipe's end is above 4, so neither is taken from the other.
        as_wanted = f'exec "$0" "$@" 3<&{browser_reads} 4>&{browser_writes}'
        self._process = subprocess.Popen(
            ["bash", "-c", as_wanted, program, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(browser_reads, browser_writes), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(browser_reads)
        os.close(browser_writes)
        self._ids, self._buffer, self._session = itertools.count(1), b"", None
        self.events = []
        tab = next(t for t in self.ask("Target.getTargets")["targetInfos"] if t["type"] == "page")
        attached = self.ask("Target.attachToTarget", targetId=tab["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method, **params):
        """Send a command and return its result; events that come before it are kept."""
        number = next(self._ids)
        message = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != number:
            self.events.append(answer)
        assert "error" not in answer, (method, answer)
        return answer["result"]

    def run(self, script):
        """Return the value of an expression in the page."""
        answer = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def open(self, path, place="", width=1280, height=900):
        """Load a file at `#place` as on a screen of that size; what the page complains of is in `events` after."""
        self.events.clear()
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.ask("Emulation.setDeviceMetricsOverride", **size)
        self.ask("Page.navigate", url="about:blank")  # else another place of the same file is no new load
        self.ask("Page.navigate", url=f"{path.as_uri()}#{place}")
        self.wait("document.readyState === 'complete' && location.protocol === 'file:'")

    def wait(self, script):
        """Wait until an expression holds."""
        end = time.monotonic() + PATIENCE_S
        while not self.run(script):
            assert time.monotonic() < end, f"never came true: {script}"
            time.sleep(0.02)

    def type(self, selector, text, enter=False):
        """Type into a field as a person does."""
        self.run(f"document.querySelector({json.dumps(selector)}).focus()")
        self.ask("Input.insertText", text=text)
        if enter:
            key = {"key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13}
            for kind in ("keyDown", "keyUp"):
                self.ask("Input.dispatchKeyEvent", type=kind, **key)

    def text(self, selector="main"):
        """Return what stands in an element, hidden or not."""
        return self.run(f"document.querySelector({json.dumps(selector)}).textContent")

    def picture(self, path):
        """Save what the screen shows."""
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"]))

    def close(self):
        """End the browser."""
        self.ask("Browser.close")
        self._process.wait(PATIENCE_S)
        os.close(self._to)
        os.close(self._from)

    def _read(self):
        while b"\0" not in self._buffer:
            assert select.select([self._from], [], [], PATIENCE_S)[0], "the browser says nothing"
            part = os.read(self._from, 1 << 20)
            assert part, "the browser is gone"
            self._buffer += part
        message, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(message)
