"""What an answer of the gateway must be, whatever was asked: GraphQL over HTTP, with the types that the schema promises."""

import json

import graphql

SLOW = 5.0
# INTERNAL is a defect, and UNAVAILABLE is one while MongoDB is there.
CODES = {"UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND", "BAD_USER_INPUT", "RATE_LIMITED"}


def wrong_shape(schema, selections, parent, data, path):
    """What in the data is not what was asked for, or not of the type that the schema promises."""
    if not isinstance(data, dict):
        return f"{path}: an object was expected"
    real = schema.type_map.get(data.get("__typename")) if graphql.is_abstract_type(parent) else parent
    if real is None or (graphql.is_abstract_type(parent) and not schema.is_sub_type(parent, real)):
        return f"{path}: __typename {data.get('__typename')!r} is none of {parent}"
    wanted = {}
    for node in selections.selections:
        if isinstance(node, graphql.FieldNode):
            wanted[(node.alias or node.name).value] = node
        else:
            on = schema.type_map[node.type_condition.name.value]
            if on is real or (graphql.is_abstract_type(on) and schema.is_sub_type(on, real)):
                wanted.update({(each.alias or each.name).value: each for each in node.selection_set.selections})
    if set(wanted) != set(data):
        return f"{path}: {sorted(set(wanted) ^ set(data))} were asked for and are not there, or the other way round"
    for name, node in wanted.items():
        if node.name.value == "__typename":
            continue
        wrong = wrong_value(schema, node.selection_set, real.fields[node.name.value].type, data[name], f"{path}.{name}")
        if wrong:
            return wrong
    return None


def wrong_value(schema, selections, wanted, value, path):
    if isinstance(wanted, graphql.GraphQLNonNull):
        return f"{path}: null" if value is None else wrong_value(schema, selections, wanted.of_type, value, path)
    if value is None:
        return None
    if isinstance(wanted, graphql.GraphQLList):
        if not isinstance(value, list):
            return f"{path}: a list was expected"
        wrongs = (wrong_value(schema, selections, wanted.of_type, item, f"{path}.{at}") for at, item in enumerate(value))
        return next((wrong for wrong in wrongs if wrong), None)
    if selections is not None:
        return wrong_shape(schema, selections, wanted, value, path)
    if isinstance(wanted, graphql.GraphQLEnumType):
        return None if value in wanted.values else f"{path}: {value!r} is none of {wanted}"
    kinds = {"Int": int, "Float": (int, float), "Boolean": bool}.get(wanted.name, str)
    fits = isinstance(value, kinds) and (kinds is bool or not isinstance(value, bool))
    return None if fits else f"{path}: {value!r} is no {wanted}"


def wrong_answer(schema, document, status, kind, content, seconds, accept):
    """Why an answer is a finding, and what it says."""
    if status >= 500:
        return f"status {status}", None
    if seconds > SLOW:
        return f"took {seconds:.1f} s", None
    if kind.split(";")[0] != accept:
        return f"status {status}, content-type {kind!r} where {accept} was accepted", None
    try:
        answer = json.loads(content.decode("utf-8"))
    except ValueError as error:
        return f"no JSON: {error}", None
    errors = answer.get("errors") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not (set(answer) <= {"data", "errors", "extensions"}):
        return "no answer of GraphQL", answer
    if "errors" in answer and not (isinstance(errors, list) and errors and all(isinstance(each.get("message"), str) for each in errors)):
        return "errors are no list of messages", answer
    if "data" not in answer and not errors:
        return "neither data nor errors", answer
    for error in errors or []:
        code = error.get("extensions", {}).get("code")
        if code not in CODES:
            return f"the code {code!r}", answer
    if "data" in answer and not 200 <= status < 300:
        return f"status {status} with data", answer
    if "data" not in answer and not (200 <= status < 300 if accept == "application/json" and status == 200 else 400 <= status < 500):
        return f"status {status} without data", answer
    if answer.get("data") is not None and document is not None:
        operation = document.definitions[0]
        root = schema.get_root_type(operation.operation)
        wrong = wrong_shape(schema, operation.selection_set, root, answer["data"], "data")
        if wrong:
            return f"not what the schema promises: {wrong}", answer
    return None, answer
