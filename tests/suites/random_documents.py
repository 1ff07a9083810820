"""Random documents from the schema: hypothesis-graphql's, their values replaced by what the gateway may know and by what it
should not choke on. The same seed gives the same documents; ids and tokens stand in them by number and are filled in when sent."""

import hashlib
import random
import re

import graphql
from graphql import language as ast
from hypothesis import HealthCheck, Phase, given, seed, settings, strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis_graphql import Mode, mutations, queries

# A pool and a number, until the document is sent.
MARK = "\u27ea%s:%d\u27eb"
MARKS = re.compile("\u27ea([a-zA-Z ]+):(\\d+)\u27eb")

STRINGS = [
    "", " ", "\t", "\n", "\r\nBcc: everybody@example.com", "\0", "a\0b", "null", "undefined", "true", "-1", "NaN", "\ufeff", "\u202e",
    "\u0130", "\u00df", "e\u0301" * 40, "\U0001f511" * 30, "\ud800", "\uffff", "%00", "%s%n", "../../etc/passwd", "__proto__",
    "constructor", "$where", "$gt", '{"$gt":""}', "a.b.$[]", "' OR '1'='1", "(", "[", "(a+)+$", "a{1,99999}", "\\", "<script>", "{{7*7}}",
    "x" * 255, "x" * 256, "x" * 257, "x" * 1024, "x" * 20000, "\u00e9" * 1025, "@", "@@", "a@", "a@b", '"a b"@example.com',
    "a@" + "b" * 300 + ".example", "a@xn--\u00fc.example", "a@[127.0.0.1]", "\u00fc@\u00fc.example", "A@EXAMPLE.COM", "http://",
    "http://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://a:b@example.com/", "https://example.com:0/", "https://example.com:99999/",
    "file:///etc/passwd", "data:,x", "javascript:alert(1)", "lkr_", "lkr_" + "A" * 43, "lki_" + "-" * 43, "lks_" + "\u00e9" * 43, "AAAA",
    "eyJhbGciOiJub25lIn0.e30.", "Europe/Berlin", "Mars/Olympus", "de", "en-US-x-" + "a" * 300, "000000", "00000000", "AAAA-AAAA-AAAA-AAAA",
]
IDS = [
    "user_00000000000000000000000000", "account_00000000000000000000000000", "portfolio_7zzzzzzzzzzzzzzzzzzzzzzzzz",
    "user_8zzzzzzzzzzzzzzzzzzzzzzzzz", "user_zzzzzzzzzzzzzzzzzzzzzzzzzz", "USER_00000000000000000000000000", "user_", "_", "user",
    "user__00000000000000000000000000", "_user_00000000000000000000000000", "user_0000000000000000000000000i", "user_0000000000000000000000000",
    "user_000000000000000000000000000", "nothing_00000000000000000000000000", "\u0443ser_00000000000000000000000000",
]
TIMES = [
    "2026-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999999-23:59", "0000-01-01T00:00:00Z", "0000-01-01T00:00:00+23:59",
    "0001-01-01T00:00:00Z", "+10000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2016-12-31T23:59:60Z", "2026-02-30T00:00:00Z",
    "2026-01-01T24:00:00Z", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01t00:00:00z", "2026-01-01T00:00:00.12345678901234567890Z", "now", "", "0",
]
NUMBERS = [0, 1, 2, 3, 10, 50, 100, 101, 1000, -1, 2**31 - 1, -(2**31), 2**31, 2**32, 2**63 - 1, 2**63, -(2**63), 2**64, 10**30]
VARIABLES = [None, True, False, 0, -1, 1.5, 2**63, 1e300, "", "x", [], {}, [[]], [None], {"": None}, {"x": {"x": {}}}, ["x"] * 200, "\ud800"]

PLAIN = {
    "name": ["Blue Harbor", "Mina M\u00fcller", "\u6771\u4eac", "x"], "accountName": ["Blue Harbor"], "url": ["https://hooks.example.com/a?b=c"],
    "locale": ["en", "de"], "timeZone": ["Europe/Berlin", "UTC"], "reason": ["because"], "audience": ["https://a.example"], "search": ["mina", "a b"],
    "email": ["new1@people.example", "New2@people.example"],
}
PASSWORDS = ["password", "newPassword", "currentPassword"]


def marked(pool, number):
    return MARK % (pool, number)


def pool_of(name):
    """Which known things fit an argument or an input field of this name."""
    if name in ("before", "after"):
        return "cursor"
    if name in PASSWORDS:
        return "password"
    if name in ("email", "token", "code", "backupCode"):
        return "code" if name == "backupCode" else name
    if name.endswith("Token"):
        return "token"
    for kind in ("account", "portfolio", "user", "webhook", "customRole", "mfaReset", "invitation", "session", "delivery"):
        if name in (kind + "Id", kind + "Ids"):
            return "id " + kind
    if name in ("id", "ids", "targetId", "actorId", "removeFromAll"):
        return "id"
    return None


class Values(graphql.Visitor):
    """Replaces values, moves some into variables, and asks for the id and the type of everything, to learn ids."""

    def __init__(self, types, rng):
        super().__init__()
        self.types, self.rng, self.names, self.variables, self.declared = types, rng, [], {}, []

    def enter_argument(self, node, *_):
        self.names.append(node.name.value)

    def enter_object_field(self, node, *_):
        self.names.append(node.name.value)

    def leave_object_field(self, *_):
        self.names.pop()

    def leave_argument(self, node, *_):
        self.names.pop()
        wanted = self.types.get_argument()
        if wanted is None or self.rng.random() > 0.2:
            return None
        name = f"v{len(self.declared)}"
        wrong = self.rng.random() < 0.3
        self.variables[name] = self.rng.choice(VARIABLES) if wrong else graphql.value_from_ast_untyped(node.value)
        self.declared.append(
            ast.VariableDefinitionNode(
                variable=ast.VariableNode(name=ast.NameNode(value=name)), type=ast.parse_type(str(wanted.type)), directives=()
            )
        )
        return ast.ArgumentNode(name=node.name, value=ast.VariableNode(name=ast.NameNode(value=name)))

    def enter_string_value(self, node, *_):
        name = self.names[-1] if self.names else ""
        wanted = graphql.get_named_type(self.types.get_input_type())
        luck = self.rng.random()
        if wanted is not None and wanted.name == "DateTime":
            return ast.StringValueNode(value=self.rng.choice(TIMES))
        pool = pool_of(name)
        if name in PLAIN and luck < (0.4 if pool else 0.75):
            return ast.StringValueNode(value=self.rng.choice(PLAIN[name]))
        if pool is not None and luck < 0.75:
            return ast.StringValueNode(value=marked(pool, self.rng.randrange(1000)))
        if luck < 0.9:
            hostile = IDS if wanted is not None and wanted.name == "ID" and self.rng.random() < 0.7 else STRINGS
            return ast.StringValueNode(value=self.rng.choice(hostile))
        if luck < 0.92:
            return ast.StringValueNode(value=marked("id", self.rng.randrange(1000)))
        return None

    def enter_int_value(self, node, *_):
        wanted = graphql.get_named_type(self.types.get_input_type())
        if wanted is not None and wanted.name == "ID":
            return self.enter_string_value(node)
        paging = self.names and self.names[-1] in ("first", "last")
        if paging and self.rng.random() < 0.8:
            return ast.IntValueNode(value=str(self.rng.randrange(1, 12)))
        return ast.IntValueNode(value=str(self.rng.choice(NUMBERS))) if self.rng.random() < 0.6 else None

    def enter_null_value(self, *_):
        # Backwards and forwards at once is refused; null leaves the other one alone.
        return None

    def leave_selection_set(self, node, *_):
        parent = graphql.get_named_type(self.types.get_parent_type())
        if parent is None or parent.name in ("Query", "Mutation"):
            return None
        wanted = ["__typename"] + (["id"] if "id" in getattr(parent, "fields", {}) else [])
        asked = {field.name.value for field in node.selections if isinstance(field, ast.FieldNode)}
        more = tuple(ast.FieldNode(name=ast.NameNode(value=name), arguments=(), directives=()) for name in wanted if name not in asked)
        return ast.SelectionSetNode(selections=tuple(node.selections) + more)


class Documents:
    def __init__(self, schema, chosen_seed):
        self.schema, self.seed = schema, chosen_seed
        self.scalars = {"DateTime": st.just(ast.StringValueNode(value=TIMES[0]))}

    def _drawn(self, kind, field, mode, salt, count):
        make = queries if kind == "query" else mutations
        out = []

        @seed(int.from_bytes(hashlib.sha256(salt.encode()).digest()[:8]))
        @settings(
            max_examples=count, database=None, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
        )
        @given(make(self.schema, fields=[field], custom_scalars=self.scalars, mode=mode, print_ast=lambda document: document))
        def draw(document):
            out.append(document)

        draw()
        return out

    def of(self, kind, field, lap, count):
        """Pairs of a text with marks in it and its variables."""
        salt = f"{self.seed}/{lap}/{field}"
        rng = random.Random(salt)
        drawn = self._drawn(kind, field, Mode.POSITIVE, salt, count)
        try:
            drawn += self._drawn(kind, field, Mode.NEGATIVE, salt, max(1, count // 8))
        except InvalidArgument:
            pass  # Nothing below this field takes an argument that could be wrong (staticRoles).
        for document in drawn:
            types = graphql.TypeInfo(self.schema)
            values = Values(types, rng)
            document = graphql.visit(document, graphql.TypeInfoVisitor(types, values))
            operation = document.definitions[0]
            operation = ast.OperationDefinitionNode(
                operation=operation.operation, name=None, variable_definitions=tuple(values.declared), directives=(),
                selection_set=operation.selection_set,
            )
            yield graphql.print_ast(operation), values.variables
