/** A schema with everything that Felis has for tables. */
export const EVERY_FEATURE = `
name: probe
tables:
- name: Parent
  description: the parent's table
  primaryKey: "#Parent.objectId"
  columns:
  - {name: objectId, datatype: long, description: an id}
  - {name: b, datatype: boolean, value: true}
  - {name: y, datatype: byte, value: 3}
  - {name: sh, datatype: short}
  - {name: i, datatype: int, nullable: false, value: -7}
  - {name: f, datatype: float, value: 1.5}
  - {name: d, datatype: double}
  - {name: c, datatype: char, length: 3, value: "it's"}
  - {name: c1, datatype: char, length: 1}
  - {name: s, datatype: string, length: 12, value: x}
  - {name: u, datatype: unicode, length: 12}
  - {name: t, datatype: text}
  - {name: bin, datatype: binary, length: 12}
  - {name: ts, datatype: timestamp, value: CURRENT_TIMESTAMP}
  - {name: ts6, datatype: timestamp, precision: 6, value: "2024-01-01T00:00:00"}
  - {name: ts0, datatype: timestamp, precision: 0}
  - {name: o1, datatype: string, length: 33, "postgresql:datatype": TEXT}
  - {name: o2, datatype: string, length: 33, "postgresql:datatype": VARCHAR}
  - {name: o3, datatype: float, "postgresql:datatype": REAL}
  - {name: o4, datatype: text, "postgresql:datatype": JSONB}
  - {name: o5, datatype: double, "postgresql:datatype": DOUBLE_PRECISION}
  - {name: ai, datatype: int, autoincrement: true}
  indexes:
  - {name: idx_one, columns: ["#Parent.d"], description: not kept}
  - {name: idx_two, columns: ["#Parent.s", "#Parent.i"]}
  constraints:
  - {name: uq, "@type": Unique, columns: ["#Parent.s", "#Parent.i"], description: unique together}
  - {name: uqd, "@type": Unique, columns: ["#Parent.sh"], deferrable: true, initially: DEFERRED}
  - {name: ck, "@type": Check, expression: i < 100 and d > 1, description: not too much}
- name: child
  primaryKey: ["#child.x", "#child.z"]
  columns:
  - {name: x, datatype: int}
  - {name: z, datatype: long, autoincrement: true}
  - {name: Odd Name, datatype: int}
  - {name: select, datatype: int}
  constraints:
  - {name: fk1, "@type": ForeignKey, columns: ["#child.z"], referencedColumns: ["#Parent.objectId"],
     on_delete: CASCADE, on_update: SET NULL, deferrable: true, initially: IMMEDIATE, description: of its parent}
- {name: refers, primaryKey: "#refers.id", columns: [{name: id, datatype: long}],
   constraints: [{name: fk2, "@type": ForeignKey, columns: ["#refers.id"], referencedColumns: ["#Parent.objectId"]}]}
- {name: small, primaryKey: "#small.id", columns: [{name: id, datatype: short}]}
- {name: given, primaryKey: "#given.id", columns: [{name: id, datatype: int, value: 4}]}
- {name: decimal, primaryKey: "#decimal.id", columns: [{name: id, datatype: double}]}
- {name: manual, primaryKey: "#manual.id", columns: [{name: id, datatype: int, autoincrement: false}]}
- {name: wide, primaryKey: "#wide.id", columns: [{name: id, datatype: int, "postgresql:datatype": BIGINT}]}
- {name: empty}
`
