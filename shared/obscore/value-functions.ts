/** ASCII white space, as a literal that means the same whatever standard_conforming_strings is. */
export const WHITE_SPACE = String.raw`E' \t\n\x0b\f\r'`

/** The same for a bracket expression, as one character each. */
export const WHITE_SPACE_CLASS = '[:space:]'

const DECIMAL = '[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?'
const DATE = '[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?)?Z?'

/** Texts that are one number, one date: nothing else may stand around them. */
export const DECIMAL_TEXT = `'^${DECIMAL}$'`
export const DATE_TEXT = `'^${DATE}$'`

/** Stands between values that are looked at together. */
export const SEPARATOR = '\u0001'

const HOST = '([^/?#[:space:]@]*@)?([[][0-9a-fA-F:.]+[]]|[^][/?#[:space:]@:]+)(:[0-9]*)?'
const URL_TEXT = `'^https?://${HOST}([/?#](.*[^[:space:]])?)?$'`

/**
 * Functions that read one value each, in the schema of a build. A value on its way is a `cell`: jsonb, or no value, or the
 * code of what is wrong with it. They hold no backslash outside of E'' and name no relation, so that neither the settings
 * nor the search path of the session that fires a trigger changes what they do.
 *
 * @param s the schema, quoted
 */
export function valueFunctions(s: string): string {
  return `
create type ${s}.cell as (value jsonb, code text);

create function ${s}.member(v jsonb) returns jsonb language plpgsql immutable as $f$
begin
  if jsonb_typeof(v) = 'null' then return null; end if;
  if jsonb_typeof(v) = 'string' and btrim(v #>> '{}', ${WHITE_SPACE}) = '' then return null; end if;
  return v;
end $f$;

-- As a part of a template: scalars alone.
create function ${s}.part(v jsonb) returns text language sql immutable as $f$
  select case when jsonb_typeof(v) not in ('object', 'array') then nullif(btrim(v #>> '{}', ${WHITE_SPACE}), '') end
$f$;

create function ${s}.mapped(v jsonb, words jsonb) returns ${s}.cell language plpgsql immutable as $f$
declare word text := btrim(v #>> '{}', ${WHITE_SPACE});
begin
  if jsonb_typeof(v) in ('object', 'array') then return row(null, 'not_a_scalar')::${s}.cell; end if;
  if words ? word then return row(words -> word, null)::${s}.cell; end if;
  return row(null, 'not_in_map')::${s}.cell;
end $f$;

create function ${s}.words(v jsonb) returns ${s}.cell language plpgsql immutable as $f$
begin
  if jsonb_typeof(v) in ('object', 'array') then return row(null, 'not_a_scalar')::${s}.cell; end if;
  return row(to_jsonb(btrim(v #>> '{}', ${WHITE_SPACE})), null)::${s}.cell;
end $f$;

create function ${s}.one_of(v jsonb, terms text[]) returns ${s}.cell language plpgsql immutable as $f$
declare c ${s}.cell := ${s}.words(v);
begin
  if c.code is not null then return c; end if;
  if lower(c.value #>> '{}') = any (terms) then return row(to_jsonb(lower(c.value #>> '{}')), null)::${s}.cell; end if;
  return row(null, 'not_in_vocabulary')::${s}.cell;
end $f$;

create function ${s}.url(v jsonb) returns ${s}.cell language plpgsql immutable as $f$
declare c ${s}.cell := ${s}.words(v);
begin
  if c.code is null and c.value #>> '{}' !~* ${URL_TEXT} then return row(null, 'not_a_url')::${s}.cell; end if;
  return c;
end $f$;

create function ${s}.number(v jsonb) returns ${s}.cell language plpgsql immutable as $f$
declare t text := btrim(v #>> '{}', ${WHITE_SPACE}); f double precision;
begin
  if jsonb_typeof(v) in ('object', 'array') then return row(null, 'not_a_scalar')::${s}.cell; end if;
  if lower(t) = 'nan' then return null; end if;
  if jsonb_typeof(v) = 'boolean' or t !~ ${DECIMAL_TEXT} then return row(null, 'not_a_number')::${s}.cell; end if;
  begin
    f := t::double precision;
    return row(to_jsonb(t::numeric), null)::${s}.cell;
  exception when others then
    if t ~ '[eE]-' then return row(to_jsonb(0), null)::${s}.cell; end if;
    begin
      if abs(t::numeric) < 1 then return row(to_jsonb(0), null)::${s}.cell; end if;
    exception when others then null;
    end;
    return row(null, 'not_a_number')::${s}.cell;
  end;
end $f$;

create function ${s}.whole(v jsonb, lowest numeric, highest numeric, minus_one_is_none boolean) returns ${s}.cell
language plpgsql immutable as $f$
declare c ${s}.cell := ${s}.number(v); n numeric;
begin
  if c.value is null then return c; end if;
  n := c.value::numeric;
  if n <> trunc(n) then return row(null, 'not_an_integer')::${s}.cell; end if;
  if n = -1 and minus_one_is_none then return null; end if;
  if n < lowest or n > highest then return row(null, 'out_of_range')::${s}.cell; end if;
  return row(to_jsonb(trunc(n)), null)::${s}.cell;
end $f$;

create function ${s}.real(v jsonb, lowest double precision, highest double precision) returns ${s}.cell
language plpgsql immutable as $f$
declare c ${s}.cell := ${s}.number(v); f double precision;
begin
  if c.value is null then return c; end if;
  f := c.value::double precision;
  if f < lowest or f > highest then return row(null, 'out_of_range')::${s}.cell; end if;
  return c;
end $f$;

create function ${s}.times(v jsonb, factor double precision) returns ${s}.cell language plpgsql immutable as $f$
declare c ${s}.cell := ${s}.number(v);
begin
  if c.value is null then return c; end if;
  return row(to_jsonb(c.value::double precision * factor), null)::${s}.cell;
exception when others then return row(null, 'out_of_range')::${s}.cell;
end $f$;

create function ${s}.wavelength(v jsonb) returns ${s}.cell language plpgsql immutable as $f$
declare c ${s}.cell := ${s}.number(v);
begin
  if c.value is null then return c; end if;
  if c.value::double precision <= 0 then return row(null, 'out_of_range')::${s}.cell; end if;
  return row(to_jsonb(299792458 / c.value::double precision), null)::${s}.cell;
exception when others then return row(null, 'out_of_range')::${s}.cell;
end $f$;

create function ${s}.kilobytes(v jsonb) returns ${s}.cell language plpgsql immutable as $f$
declare c ${s}.cell := ${s}.number(v);
begin
  if c.value is null then return c; end if;
  if c.value::numeric < 0 then return row(null, 'out_of_range')::${s}.cell; end if;
  return row(to_jsonb(ceil(c.value::numeric / 1024)), null)::${s}.cell;
end $f$;

create function ${s}.angle(v jsonb, factor double precision) returns ${s}.cell language plpgsql immutable
set extra_float_digits = 1 as $f$
declare t text := btrim(v #>> '{}', ${WHITE_SPACE}); p text[]; f double precision;
begin
  if jsonb_typeof(v) in ('object', 'array') then return row(null, 'not_a_scalar')::${s}.cell; end if;
  if jsonb_typeof(v) = 'number' or t ~ ${DECIMAL_TEXT} or lower(t) = 'nan' then return ${s}.number(v); end if;
  if jsonb_typeof(v) <> 'string' or t !~ ${ANGLE_TEXT} then return row(null, 'not_an_angle')::${s}.cell; end if;
  p := regexp_split_to_array(ltrim(t, '+-'), '[:[:space:]]+');
  f := (p[1]::double precision + p[2]::double precision / 60 + p[3]::double precision / 3600) * factor;
  return row(to_jsonb(case when left(t, 1) = '-' then -f else f end), null)::${s}.cell;
end $f$;

create function ${s}.mjd(v jsonb) returns ${s}.cell language plpgsql immutable
set extra_float_digits = 1 as $f$
declare t text := btrim(v #>> '{}', ${WHITE_SPACE}); days integer; seconds double precision := 0;
begin
  if jsonb_typeof(v) in ('object', 'array') then return row(null, 'not_a_scalar')::${s}.cell; end if;
  if jsonb_typeof(v) <> 'string' or t !~ ${DATE_TEXT} then return row(null, 'not_a_date')::${s}.cell; end if;
  t := rtrim(t, 'Z');
  days := make_date(left(t, 4)::integer, substr(t, 6, 2)::integer, substr(t, 9, 2)::integer) - date '1858-11-17';
  if length(t) > 10 then
    seconds := substr(t, 12, 2)::integer * 3600 + substr(t, 15, 2)::integer * 60;
    if length(t) > 16 then seconds := seconds + substr(t, 18)::double precision; end if;
  end if;
  return row(to_jsonb(days + seconds / 86400), null)::${s}.cell;
exception when others then return row(null, 'not_a_date')::${s}.cell;
end $f$;

create function ${s}.date(v jsonb) returns ${s}.cell language plpgsql immutable as $f$
declare t text := btrim(v #>> '{}', ${WHITE_SPACE}); found timestamp;
begin
  if jsonb_typeof(v) in ('object', 'array') then return row(null, 'not_a_scalar')::${s}.cell; end if;
  if jsonb_typeof(v) <> 'string' or t !~ ${DATE_TEXT} then return row(null, 'not_a_date')::${s}.cell; end if;
  found := rtrim(t, 'Z')::timestamp;
  return row(to_jsonb(rtrim(t, 'Z')), null)::${s}.cell;
exception when others then return row(null, 'not_a_date')::${s}.cell;
end $f$;

create function ${s}.polarisation(v jsonb, states text[]) returns ${s}.cell language plpgsql immutable as $f$
declare written text[]; found text;
begin
  if jsonb_typeof(v) = 'array' then
    if jsonb_path_exists(v, 'strict $[*] ? (@.type() != "string")') then
      return row(null, 'not_pol_states')::${s}.cell;
    end if;
    written := array(select upper(btrim(word, ${WHITE_SPACE})) from jsonb_array_elements_text(v) as word);
    if written = '{}' then return null; end if;
  elsif jsonb_typeof(v) = 'string' then
    written := regexp_split_to_array(upper(v #>> '{}'), '[/,[:space:]]+');
  else
    return row(null, 'not_pol_states')::${s}.cell;
  end if;
  written := array_remove(written, '');
  if written = '{}' or not written <@ states then return row(null, 'not_pol_states')::${s}.cell; end if;
  found := array_to_string(array(select state from unnest(states) with ordinality as s(state, i)
                                  where state = any (written) order by i), '/');
  return row(to_jsonb('/' || found || '/'), null)::${s}.cell;
end $f$;

create function ${s}.url_encode(t text) returns text language plpgsql immutable as $f$
declare u text := t; c text;
begin
  if t ~ '^[A-Za-z0-9_.~-]*$' then return t; end if;
  foreach c in array array['%', '/', ':', '?', '=', '&', '#', ' ', '+', ',', ';', '@', '(', ')'] loop
    u := replace(u, c, '%' || upper(to_hex(ascii(c))));
  end loop;
  if u ~ '^[A-Za-z0-9_.~%-]*$' then return u; end if;
  return (select string_agg(case when chr(b) ~ '[A-Za-z0-9_.~-]' and b < 128 then chr(b)
                                 else '%' || upper(lpad(to_hex(b), 2, '0')) end, '' order by i)
            from (select i, get_byte(convert_to(t, 'UTF8'), i) as b
                    from generate_series(0, octet_length(convert_to(t, 'UTF8')) - 1) as i offset 0) as bytes);
end $f$;
`
}

const ANGLE_TEXT = "'^[+-]?[0-9]{1,3}(:[0-5]?[0-9]:|[[:space:]]+[0-5]?[0-9][[:space:]]+)[0-5]?[0-9]([.][0-9]*)?$'"
