"""A small FHIR client over HTTP with the standard library alone."""

import http.client
import json
import urllib.parse


class FhirClient:
    """Talks to one FHIR base as one party. Keeps one connection; not for several threads."""

    def __init__(self, base: str, token: str | None = None, timeout_s: float = 30):
        parts = urllib.parse.urlsplit(base)
        self.base = base.rstrip("/")
        self.path = parts.path.rstrip("/")
        self.token = token
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout_s)
        # Whether a request that found its connection closed is sent again: it may then be done twice.
        self.repeats = True

    def call(self, method: str, path: str, body=None, headers=None):
        """Returns (status, parsed JSON or bytes or None, headers with lower-case names)."""
        target = f"{self.path}/{path}" if path else self.path
        fields = {"Accept": "application/fhir+json"}
        if self.token:
            fields["Authorization"] = f"Bearer {self.token}"
        data = None
        if isinstance(body, (dict, list)):
            data = json.dumps(body).encode()
            fields["Content-Type"] = "application/fhir+json"
        elif isinstance(body, str):
            data = body.encode()
            fields["Content-Type"] = "application/x-www-form-urlencoded"
        elif body is not None:
            data = body
        fields.update(headers or {})
        for attempt in (1, 2):
            try:
                self.connection.request(method, target, body=data, headers=fields)
                response = self.connection.getresponse()
                content = response.read()
                break
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self.connection.close()
                if attempt == 2 or not self.repeats:
                    raise
        names = {name.lower(): value for name, value in response.getheaders()}
        if content and "json" in names.get("content-type", "") and "ndjson" not in names["content-type"]:
            return response.status, json.loads(content), names
        return response.status, content or None, names

    def get(self, path: str):
        return self.call("GET", path)

    def search(self, path: str):
        """Resources of all pages' match entries; raises on another status than 200."""
        found = []
        while path:
            status, bundle, _ = self.call("GET", path)
            if status != 200:
                raise RuntimeError(f"GET {path.split('?')[0]} answered {status}: {describe(bundle)}")
            found += [entry["resource"] for entry in bundle.get("entry", [])
                      if entry.get("search", {}).get("mode") != "outcome"]
            link = next((one["url"] for one in bundle.get("link", []) if one["relation"] == "next"), None)
            path = None if link is None else link.split(self.path + "/", 1)[1] if link.startswith("http") else link
        return found


def describe(outcome) -> str:
    """The issues of an OperationOutcome in one line."""
    if not isinstance(outcome, dict) or outcome.get("resourceType") != "OperationOutcome":
        return ""
    return "; ".join(f"{issue.get('severity')} {issue.get('code')} {','.join(issue.get('expression', []))} "
                     f"{issue.get('diagnostics', '')}" for issue in outcome.get("issue", []))
