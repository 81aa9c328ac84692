//! Who may do what.

use crate::check::{Area, Check, Covers, Need, On};
use crate::finding::Severity;
use crate::level::Level;
use crate::phrase::phrase;
use crate::rule::Rule;
use crate::unit::Unit;

pub const CHECKS: &[Check] = &[
    Check {
        id: "pg-superusers",
        level: Level::Weekly,
        area: Area::Security,
        covers: Covers::Now,
        title: phrase("Superusers beside the first one", "额外的超级用户"),
        ask: &[(
            On::Every,
            "select rolname::text as subject, null::float8 as value,
                    concat_ws(' · ', 'superuser', case when rolcanlogin then 'login' end) as detail
             from pg_roles where rolsuper and oid <> 10 order by 1",
        )],
        needs: Need::Nothing,
        rule: Rule::Each(Severity::Warning, Unit::Count),
        advice: phrase("ALTER ROLE … NOSUPERUSER; grant what it needs instead.", "ALTER ROLE … NOSUPERUSER，改为按需授权。"),
    },
    Check {
        id: "pg-no-password",
        level: Level::Weekly,
        area: Area::Security,
        covers: Covers::Now,
        title: phrase("Logins without password", "没有密码的登录账号"),
        ask: &[(
            On::Every,
            "select rolname::text as subject, null::float8 as value,
                    case when rolpassword is null then 'no password' else 'md5' end as detail
             from pg_authid where rolcanlogin and (rolpassword is null or rolpassword like 'md5%') order by 1",
        )],
        needs: Need::Grant("GRANT SELECT (rolname, rolcanlogin, rolpassword) ON pg_authid TO …; (shows password hashes)"),
        rule: Rule::Each(Severity::Warning, Unit::Count),
        advice: phrase(
            "Give it a password, or see to it that pg_hba.conf lets it in by peer or certificate only; md5 becomes scram-sha-256 when it is set anew.",
            "请设置密码，或确保 pg_hba.conf 仅允许 peer 或证书登录；md5 密码重设后变为 scram-sha-256。",
        ),
    },
    Check {
        id: "pg-password-expiry",
        level: Level::Weekly,
        area: Area::Security,
        covers: Covers::Now,
        title: phrase("Logins whose password never expires", "密码永不过期的账号"),
        ask: &[(
            On::Every,
            "select rolname::text as subject, null::float8 as value, 'no VALID UNTIL' as detail
             from pg_roles where rolcanlogin and coalesce(rolvaliduntil, 'infinity') = 'infinity' order by 1",
        )],
        needs: Need::Nothing,
        rule: Rule::Each(Severity::Notice, Unit::Count),
        advice: phrase("ALTER ROLE … VALID UNTIL '…', where your rules want it.", "若规定要求，请执行 ALTER ROLE … VALID UNTIL '…'。"),
    },
    Check {
        id: "pg-trusted-hosts",
        level: Level::Weekly,
        area: Area::Security,
        covers: Covers::Now,
        title: phrase("Entries that let in without proof", "免密登录的访问规则"),
        ask: &[(
            On::Every,
            "select 'pg_hba.conf:' || line_number as subject, null::float8 as value,
                    concat_ws(' ', type, array_to_string(database, ','), array_to_string(user_name, ','), address, auth_method, error) as detail
             from pg_hba_file_rules where auth_method in ('trust', 'password') or error is not null order by line_number",
        )],
        needs: Need::Grant("GRANT SELECT ON pg_hba_file_rules TO …; GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO …;"),
        rule: Rule::Each(Severity::Warning, Unit::Count),
        advice: phrase("Use scram-sha-256, peer or cert.", "请改用 scram-sha-256、peer 或 cert。"),
    },
    Check {
        id: "pg-public-rights",
        level: Level::Weekly,
        area: Area::Security,
        covers: Covers::Now,
        title: phrase("What everybody may do", "所有人都拥有的权限"),
        ask: &[(
            On::Every,
            "select n.nspname || '.' || c.relname as subject, null::float8 as value,
                    string_agg(a.privilege_type, ', ' order by a.privilege_type) as detail
             from pg_class c join pg_namespace n on n.oid = c.relnamespace
             cross join lateral aclexplode(c.relacl) a
             where a.grantee = 0 and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and n.nspname not in ('pg_catalog', 'information_schema')
               and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e') group by 1
             union all
             select 'schema ' || n.nspname, null, 'CREATE' from pg_namespace n cross join lateral aclexplode(n.nspacl) a
             where a.grantee = 0 and a.privilege_type = 'CREATE' order by 1",
        )],
        needs: Need::Nothing,
        rule: Rule::Each(Severity::Warning, Unit::Count),
        advice: phrase("REVOKE it FROM PUBLIC and grant it to those who need it.", "请 REVOKE … FROM PUBLIC，再授予需要的账号。"),
    },
    Check {
        id: "pg-definer-functions",
        level: Level::Weekly,
        area: Area::Security,
        covers: Covers::Now,
        title: phrase("Functions that lend their owner's rights", "以所有者权限运行的函数"),
        ask: &[(
            On::Every,
            "select p.oid::regprocedure::text as subject, null::float8 as value, 'search_path not set' as detail
             from pg_proc p join pg_namespace n on n.oid = p.pronamespace
             where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')
               and not exists (select from unnest(p.proconfig) setting where setting like 'search_path=%') order by 1",
        )],
        needs: Need::Nothing,
        rule: Rule::Each(Severity::Notice, Unit::Count),
        advice: phrase("ALTER FUNCTION … SET search_path, or a caller's own schema may be used by it.", "请执行 ALTER FUNCTION … SET search_path，否则可能误用调用者的模式。"),
    },
    Check {
        id: "pg-extensions",
        level: Level::Weekly,
        area: Area::Security,
        covers: Covers::Now,
        title: phrase("Extensions to be updated", "可更新的扩展"),
        ask: &[(
            On::Every,
            "select name::text as subject, null::float8 as value, installed_version || ' -> ' || default_version as detail
             from pg_available_extensions where installed_version is not null and installed_version <> default_version order by 1",
        )],
        needs: Need::Nothing,
        rule: Rule::Each(Severity::Notice, Unit::Count),
        advice: phrase("ALTER EXTENSION … UPDATE;", "执行 ALTER EXTENSION … UPDATE;"),
    },
];
