import { WHITE_SPACE } from './value-functions.ts'

const NUMBER = '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?'
const NUMBERS = `${NUMBER}([[:space:]]+${NUMBER})*`
const FRAME = '([[:space:]]+(icrs|j2000|fk5))?'
const REFERENCE = '([[:space:]]+(geocenter|topocenter|barycenter|unknownrefpos))?'
const WORDS = `(polygon|circle)${FRAME}${REFERENCE}([[:space:]]+spherical2)?`

const STC_TEXT = `'^${WORDS}[[:space:]]+${NUMBERS}$'`
const DALI_TEXT = `'^${NUMBERS}$'`

const ANGLE = `[[:space:]]*${NUMBER}d?[[:space:]]*`
const PAIR = `[[:space:]]*[(]${ANGLE},${ANGLE}[)][[:space:]]*`
const SPHERICAL_TEXT = `'^([{]${PAIR}(,${PAIR})*[}]|<${PAIR},${ANGLE}>)$'`

/** What a region begins with that is one, but none that can be stored. */
const UNSUPPORTED_TEXT = "'^(union|intersection|not|box|ellipse|convex|range|moc|position)([^a-z0-9_]|$)'"
const FOREIGN_FRAME_TEXT =
  "'^(polygon|circle)[[:space:]]+(galactic|galactic_ii|super_galactic|ecliptic|fk4|b1950)([^a-z0-9_]|$)'"

/** Where numbers stand; whether each of them is one is found when they are cast. */
const DIGITS = '[-+.0-9eE]+'
const PLAIN_STC = `'^polygon( icrs)?( ${DIGITS})+$'`
const PLAIN_SPHERICAL = `'^[{]([(]${DIGITS}d,${DIGITS}d[)],)*[(]${DIGITS}d,${DIGITS}d[)][}]$'`

/** The numbers of a polygon in degrees, with commas between them; NULL for any other way to write a region. */
export function flatRegion(text: string): string {
  const start = `case when substr(${text}, 9, 1) in ('i', 'I') then 14 else 9 end`
  return `case when ${text} ~* ${PLAIN_STC} then replace(substr(${text}, ${start}), ' ', ',')
                   when ${text} ~ ${PLAIN_SPHERICAL} then translate(${text}, '{}()d', '') end`
}

/** Whether a polygon with these corners is so small, and so far from the poles, that its sides bulge by less than 0.05 degrees. */
export function isSmall(corners: string): string {
  return `width(${corners}) <= 5 and ${corners} <@ box '(360,80),(0,-80)'`
}

export function boundsOfSmall(corners: string): string {
  const margin = "point '(1e-6,0.05)'"
  return `bound_box(${corners} + ${margin}, ${corners} - ${margin})`
}

/** Whether the last vertex is another one than the first. */
export function isOpen(numbers: string): string {
  const [x, y] = [1, 0].map((offset) => `${numbers}[cardinality(${numbers}) - ${offset}]`)
  return `(${numbers}[1] <> ${x} or ${numbers}[2] <> ${y})`
}

/**
 * Functions that read regions: pgSphere's notation, STC-S, DALI's numbers as text or as a list. A `shape` is the numbers of
 * a region in degrees (3: a circle, more: a polygon), or the code of what is wrong with it.
 *
 * @param s the schema, quoted
 */
export function regionFunctions(s: string, format: 'stc' | 'dali'): string {
  return `
create type ${s}.shape as (numbers double precision[], bounds box, code text);

create function ${s}.region_numbers(v jsonb) returns double precision[] language plpgsql immutable as $f$
declare t text := btrim(v #>> '{}', ${WHITE_SPACE}); n double precision[];
begin
  if jsonb_typeof(v) = 'array' then
    if jsonb_path_exists(v, 'strict $[*] ? (@.type() != "number")') then return null; end if;
    return array(select e::double precision from jsonb_array_elements(v) with ordinality as a(e, i) order by i);
  elsif jsonb_typeof(v) <> 'string' then
    return null;
  elsif t ~* ${SPHERICAL_TEXT} then
    n := string_to_array(translate(t, '{}()<>dD' || ${WHITE_SPACE}, ''), ',')::double precision[];
    if t !~* 'd' then return array(select degrees(e) from unnest(n) with ordinality as a(e, i) order by i); end if;
    if t ~* '[0-9.][[:space:]]*[,)>]' then
      -- Some of the numbers are degrees, others are not.
      n := array(select case when m.p[4] = '' then degrees(m.p[1]::double precision) else m.p[1]::double precision end
                   from regexp_matches(t, '(${NUMBER})(d?)', 'gi') with ordinality as m(p, i) order by m.i);
    end if;
    return n;
  elsif t ~* ${STC_TEXT} then
    t := regexp_replace(t, '^([a-z][a-z0-9]*[[:space:]]+)+', '', 'i');
  elsif t !~ ${DALI_TEXT} then
    return null;
  end if;
  return array_remove(string_to_array(translate(t, ${WHITE_SPACE}, '      '), ' ', ''), null)::double precision[];
exception when others then return null;
end $f$;

-- Numbers in the shortest form that reads back the same.
create function ${s}.region_text(numbers double precision[]) returns text language sql immutable
set extra_float_digits = 1 as $f$
  select ${format === 'dali' ? '' : "case cardinality(numbers) when 3 then 'Circle ICRS ' else 'Polygon ICRS ' end || "}array_to_string(numbers, ' ')
$f$;

-- The bounds are a box of longitudes and latitudes that holds the region; a region that crosses longitude 0 goes beyond 360.
-- An edge bulges towards its pole: no further than one as wide as the polygon whose ends are both at its highest latitude.
create function ${s}.region(v jsonb) returns ${s}.shape language plpgsql immutable
set extra_float_digits = 1 as $f$
declare
  t text := btrim(v #>> '{}', ${WHITE_SPACE});
  n double precision[] := ${s}.region_numbers(v);
  k integer := cardinality(n);
  is_circle boolean := k = 3;
  corners box;
  l double precision; b double precision; before double precision; at double precision; step double precision;
  west double precision; east double precision; south double precision; north double precision;
begin
  if k is null then
    if t ~* ${UNSUPPORTED_TEXT} then return row(null, null, 'unsupported_region')::${s}.shape; end if;
    if t ~* ${FOREIGN_FRAME_TEXT} then return row(null, null, 'unsupported_frame')::${s}.shape; end if;
    return row(null, null, 'not_a_region')::${s}.shape;
  end if;
  if jsonb_typeof(v) = 'string' and (t ~* '^[c<]' and k <> 3 or t ~* '^[p{]' and k = 3) then
    return row(null, null, 'not_a_region')::${s}.shape;
  end if;
  if not is_circle and (k < 6 or k % 2 = 1) then return row(null, null, 'not_a_region')::${s}.shape; end if;
  if k >= 8 and n[1] = n[k - 1] and n[2] = n[k] then
    k := k - 2;
    n := n[1:k];
  end if;
  if is_circle then
    if not (n[1] between 0 and 360 and n[2] between -90 and 90 and n[3] > 0 and n[3] <= 180) then
      return row(null, null, 'out_of_range')::${s}.shape;
    end if;
    south := n[2] - n[3];
    north := n[2] + n[3];
    step := case when abs(n[2]) + n[3] >= 89.999 then 180 else degrees(asin(sin(radians(n[3])) / cos(radians(n[2])))) end;
    west := n[1] - step;
    east := n[1] + step;
  else
    corners := box(array_to_string(n, ',')::polygon);
    if not corners <@ box '(360,90),(0,-90)' then
      return row(null, null, 'out_of_range')::${s}.shape;
    end if;
    if ${isSmall('corners')} then return row(n, ${boundsOfSmall('corners')}, null)::${s}.shape; end if;
    before := n[1]; at := n[1]; west := n[1]; east := n[1]; south := n[2]; north := n[2];
    for i in 1 .. k by 2 loop
      l := n[i];
      b := n[i + 1];
      step := l - before;
      if step > 180 then step := step - 360; elsif step < -180 then step := step + 360; end if;
      at := at + step;
      before := l;
      if at < west then west := at; elsif at > east then east := at; end if;
      if b < south then south := b; elsif b > north then north := b; end if;
    end loop;
    step := n[1] - before;
    if step > 180 then step := step - 360; elsif step < -180 then step := step + 360; end if;
    if abs(at + step - n[1]) > 1 then
      -- Around a pole.
      west := 0;
      east := 360;
      if south >= 0 then north := 90; elsif north <= 0 then south := -90; else south := -90; north := 90; end if;
    elsif east - west >= 179 then
      west := 0; east := 360; south := -90; north := 90;
    else
      step := cos(radians((east - west) / 2));
      if north > 0 and north < 90 then north := degrees(atan(tan(radians(north)) / step)); end if;
      if south < 0 and south > -90 then south := degrees(atan(tan(radians(south)) / step)); end if;
    end if;
  end if;
  if west < 0 then
    west := west + 360;
    east := east + 360;
  elsif west >= 360 then
    west := west - 360;
    east := east - 360;
  end if;
  return row(n, box(point(west - 1e-6, south - 1e-6), point(east + 1e-6, north + 1e-6)), null)::${s}.shape;
end $f$;
`
}
