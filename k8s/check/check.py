"""Checks the manifests offline: renders every overlay, validates each object strictly, then what no schema knows.

check.py KUBECTL CHECKOV: exit 0 when nothing is wrong. Kubernetes' own kinds are validated against the schemas of every
version in VERSIONS, custom resources against schemas/, which list exactly the fields that are used here. Before it believes
itself, it breaks the manifests on purpose and must notice each time.
"""

import copy
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema
import kubernetes_validate
import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OVERLAYS = ["dev", "production", "production-operator"]
# The versions that Kubernetes itself supports, and the one before.
VERSIONS = ["1.34", "1.35", "1.36", "1.37"]
SCHEMAS = {path.stem: json.loads(path.read_text()) for path in (HERE / "schemas").glob("*.json")}

# checkov's findings that stay, each with its reason; anything else fails.
ACCEPTED = {
    "CKV_K8S_43": "an image by digest is the deployment's to say: its registry gives the digest",
    "CKV_K8S_15": "tags of releases never move, so Always only makes a start hang on the registry",
}


def render(kubectl, overlay):
    ran = subprocess.run([kubectl, "kustomize", str(ROOT / "k8s/overlays" / overlay)], capture_output=True, text=True, timeout=60)
    if ran.returncode:
        raise SystemExit(f"k8s-check: {overlay} cannot be rendered: {ran.stderr}")
    return ran.stdout


def seconds(text):
    return int(re.fullmatch(r"(\d+)s", text)[1])


def wrong_by_schema(objects):
    for object_ in objects:
        name = f"{object_.get('kind')} {object_.get('metadata', {}).get('name')}"
        schema = SCHEMAS.get(object_.get("kind"))
        if schema:
            for error in jsonschema.Draft202012Validator(schema).iter_errors(object_):
                yield f"{name}: {error.json_path}: {error.message}"
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(object_, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                yield f"{name}: Kubernetes {version}: {error.message}"
            except kubernetes_validate.SchemaNotFoundError as error:
                yield f"{name}: Kubernetes {version}: {error}; a custom resource needs a schema in k8s/check/schemas"


def templates(objects):
    for object_ in objects:
        template = object_.get("spec", {}).get("template") if object_["kind"] != "MongoDBCommunity" else None
        if template:
            yield f"{object_['kind']} {object_['metadata']['name']}", template


def known_keys():
    """What the gateway itself lists, so that a key that it does not know cannot be deployed."""
    table = (ROOT / "src/config/keys.rs").read_text()
    plain = re.findall(r'(?:plain|secret)\(\s*"([A-Z_]+)"', table)
    secret = re.findall(r'secret\(\s*"([A-Z_]+)"', table)
    return {f"LATCHKEY_{key}" for key in plain} | {f"LATCHKEY_{key}_FILE" for key in secret}


def wrong_between(objects):
    """What objects must agree on among themselves, and with the gateway."""
    by = lambda kind: [object_ for object_ in objects if object_["kind"] == kind]
    pods = [template["metadata"]["labels"] for _, template in templates(objects)]
    selected = lambda labels: any(labels.items() <= pod.items() for pod in pods)
    foreign = {"latchkey-mongodb"}

    for kind in ["Deployment", "StatefulSet", "PodDisruptionBudget", "NetworkPolicy"]:
        for object_ in by(kind):
            spec, name = object_["spec"], object_["metadata"]["name"]
            labels = (spec.get("selector") or spec.get("podSelector") or {}).get("matchLabels", {})
            if name not in foreign and not selected(labels):
                yield f"{kind} {name} selects no pod"
    services = {service["metadata"]["name"]: service for service in by("Service")}
    for name, service in services.items():
        if not selected(service["spec"]["selector"]):
            yield f"Service {name} selects no pod"
    for monitor in by("ServiceMonitor"):
        wanted = monitor["spec"]["selector"]["matchLabels"]
        ports = [port["name"] for service in services.values() if wanted.items() <= service["metadata"].get("labels", {}).items()
                 for port in service["spec"]["ports"]]
        for endpoint in monitor["spec"]["endpoints"]:
            if endpoint["port"] not in ports:
                yield f"ServiceMonitor {monitor['metadata']['name']} scrapes no Service's port"

    denied = [policy for policy in by("NetworkPolicy") if policy["spec"]["podSelector"] == {}]
    if not any(set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"} and not policy["spec"].get("ingress")
               and not policy["spec"].get("egress") for policy in denied):
        yield "no NetworkPolicy denies by default"
    for namespace in by("Namespace"):
        if namespace["metadata"]["labels"].get("pod-security.kubernetes.io/enforce") != "restricted":
            yield "the namespace does not enforce the restricted Pod Security standard"

    for name, template in templates(objects):
        spec = template["spec"]
        if spec.get("automountServiceAccountToken") is not False:
            yield f"{name} mounts a token of the Kubernetes API"
        context = spec.get("securityContext", {})
        if not context.get("runAsNonRoot") or context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{name} is not restricted"
        for container in spec["containers"] + spec.get("initContainers", []):
            own = container.get("securityContext", {})
            if not own.get("readOnlyRootFilesystem") or own.get("allowPrivilegeEscalation") is not False \
                    or own.get("capabilities", {}).get("drop") != ["ALL"]:
                yield f"{name}: container {container['name']} is not restricted"
            if any("secretRef" in source for source in container.get("envFrom", [])) or \
                    any("secretKeyRef" in variable.get("valueFrom", {}) for variable in container.get("env", [])):
                yield f"{name}: secrets come as files, not as environment variables"

    config = next(object_["data"] for object_ in by("ConfigMap") if object_["metadata"]["name"] == "latchkey")
    for key in sorted(config.keys() - known_keys()):
        yield f"ConfigMap latchkey: the gateway knows no {key}"
    if endpoint := config.get("LATCHKEY_OTLP_ENDPOINT"):
        ways_out = [port["port"] for policy in by("NetworkPolicy") for way in policy["spec"].get("egress", [])
                    for port in way.get("ports", [])]
        if (urlsplit(endpoint).port or 443) not in ways_out:
            yield "no NetworkPolicy lets traces out to their collector"
    for deployment in by("Deployment"):
        spec = deployment["spec"]
        rolling = spec["strategy"]["rollingUpdate"]
        if rolling["maxUnavailable"] != 0:
            yield "a rolling update takes a gateway away before its successor is ready"
        # A pod is told to stop while endpoints still name it; connections get the grace, and so does what outlives them.
        delay, grace = seconds(config["LATCHKEY_SHUTDOWN_DELAY"]), seconds(config["LATCHKEY_SHUTDOWN_GRACE"])
        if delay < 5 or spec["template"]["spec"]["terminationGracePeriodSeconds"] < delay + 2 * grace:
            yield "terminationGracePeriodSeconds does not cover how the gateway stops"
        container = spec["template"]["spec"]["containers"][0]
        paths = [container[probe]["httpGet"]["path"] for probe in ["startupProbe", "readinessProbe", "livenessProbe"]]
        if paths != ["/livez", "/readyz", "/livez"]:
            yield "a probe asks something else than it stands for"
    for route in by("Ingress"):
        backends = [path["backend"]["service"] for rule in route["spec"]["rules"] for path in rule["http"]["paths"]]
        if any(backend["name"] not in services for backend in backends):
            yield f"Ingress {route['metadata']['name']} leads nowhere"
    for route in by("HTTPRoute"):
        for rule in route["spec"]["rules"]:
            if any(backend["name"] not in services or backend["port"] not in
                   [port["port"] for port in services[backend["name"]]["spec"]["ports"]] for backend in rule["backendRefs"]):
                yield f"HTTPRoute {route['metadata']['name']} leads nowhere"


def wrong(objects):
    yield from wrong_by_schema(objects)
    yield from wrong_between(objects)


def of(objects, kind, name="latchkey"):
    return next(object_ for object_ in objects if object_["kind"] == kind and object_["metadata"]["name"] == name)


# What somebody might break, and how; each must be noticed.
BREAK = {
    "a field that does not exist": lambda o: of(o, "Deployment")["spec"].update(maxReplicas=3),
    "a custom resource's field that does not exist": lambda o: of(o, "ServiceMonitor")["spec"].update(port="metrics"),
    "a wrong type": lambda o: of(o, "PodDisruptionBudget")["spec"].update(maxUnavailable=[1]),
    "a selector that meets nothing": lambda o: of(o, "Service")["spec"]["selector"].update(app="other"),
    "no denial by default": lambda o: o.remove(of(o, "NetworkPolicy", "default-deny")),
    "a key that the gateway does not know": lambda o: of(o, "ConfigMap")["data"].update(LATCHKEY_TYPO="1"),
    "traces without a way out": lambda o: of(o, "ConfigMap")["data"].update(LATCHKEY_OTLP_ENDPOINT="http://collector:4318"),
    "too little time to stop": lambda o: of(o, "Deployment")["spec"]["template"]["spec"].update(terminationGracePeriodSeconds=30),
    "a writable root": lambda o: of(o, "Deployment")["spec"]["template"]["spec"]["containers"][0]["securityContext"].update(
        readOnlyRootFilesystem=False),
    "a gap in a rolling update": lambda o: of(o, "Deployment")["spec"]["strategy"]["rollingUpdate"].update(maxUnavailable=1),
    "liveness that asks MongoDB": lambda o: of(o, "Deployment")["spec"]["template"]["spec"]["containers"][0]["livenessProbe"][
        "httpGet"].update(path="/readyz"),
}


def main(kubectl, checkov):
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for overlay in OVERLAYS:
            text = render(kubectl, overlay)
            Path(folder, f"{overlay}.yaml").write_text(text)
            objects = [object_ for object_ in yaml.safe_load_all(text) if object_]
            found = list(wrong(objects))
            for problem in found:
                print(f"k8s-check: {overlay}: {problem}")
            bad += len(found)
            print(f"k8s-check: {overlay}: {len(objects)} objects against Kubernetes {', '.join(VERSIONS)}")
            if overlay == "production" and not found:
                for what, act in BREAK.items():
                    broken = copy.deepcopy(objects)
                    act(broken)
                    if not list(wrong(broken)):
                        print(f"k8s-check: the check itself does not notice {what}")
                        bad += 1
        ran = subprocess.run([*checkov, "-d", folder, "--framework", "kubernetes", "--skip-download", "--quiet", "--compact",
                              "-o", "json"], capture_output=True, text=True, timeout=300)
        report = json.loads(ran.stdout)
        report = report[0] if isinstance(report, list) else report
        unseen = set(ACCEPTED)
        for finding in report["results"]["failed_checks"]:
            unseen.discard(finding["check_id"])
            if finding["check_id"] not in ACCEPTED:
                print(f"k8s-check: checkov {finding['check_id']} {finding['resource']}: {finding['check_name']}")
                bad += 1
        for check in unseen:
            print(f"k8s-check: checkov finds no {check} any more: take it off the list")
            bad += 1
        passed = report["summary"]["passed"]
        print(f"k8s-check: checkov: {passed} checks passed, {len(report['results']['failed_checks'])} findings listed with reasons")
        bad += passed < 200
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
