//! Who may do what.

use crate::check::{Area, Check, Covers, Need, On};
use crate::finding::Severity;
use crate::level::Level;
use crate::phrase::phrase;
use crate::rule::Rule;
use crate::unit::Unit;

const USERS: Need = Need::Grant("GRANT SELECT ON mysql.user TO …;");

pub const CHECKS: &[Check] = &[
    Check {
        id: "my-no-password",
        level: Level::Weekly,
        area: Area::Security,
        covers: Covers::Now,
        title: phrase("Accounts without password", "没有密码的账号"),
        ask: &[
            (
                On::MariaDb,
                "select concat(user, '@', host) as subject, null as value, 'no password' as detail from mysql.user
                 where is_role = 'N' and authentication_string = '' and password_expired = 'N'
                   and plugin in ('', 'mysql_native_password', 'ed25519', 'mysql_old_password') order by 1",
            ),
            (
                On::MySql,
                "select concat(user, '@', host) as subject, null as value, 'no password' as detail from mysql.user
                 where authentication_string = '' and account_locked = 'N'
                   and plugin in ('mysql_native_password', 'caching_sha2_password', 'sha256_password') order by 1",
            ),
        ],
        needs: USERS,
        rule: Rule::Each(Severity::Critical, Unit::Count),
        advice: phrase("ALTER USER … IDENTIFIED BY '…', or drop it.", "请 ALTER USER … IDENTIFIED BY '…' 或删除该账号。"),
    },
    Check {
        id: "my-any-host",
        level: Level::Weekly,
        area: Area::Security,
        covers: Covers::Now,
        title: phrase("Accounts that may come from anywhere", "可从任意主机登录的账号"),
        ask: &[
            (On::MariaDb, "select concat(user, '@', host) as subject, null as value, '' as detail from mysql.user where host = '%' and is_role = 'N' order by 1"),
            (On::MySql, "select concat(user, '@', host) as subject, null as value, '' as detail from mysql.user where host = '%' and account_locked = 'N' order by 1"),
        ],
        needs: USERS,
        rule: Rule::Each(Severity::Notice, Unit::Count),
        advice: phrase("RENAME USER to the hosts or the network it comes from.", "请 RENAME USER，限定为其来源主机或网段。"),
    },
    Check {
        id: "my-anonymous",
        level: Level::Weekly,
        area: Area::Security,
        covers: Covers::Now,
        title: phrase("Accounts without name", "匿名账号"),
        ask: &[(On::Every, "select concat('\"\"@', host) as subject, null as value, '' as detail from mysql.user where user = '' order by 1")],
        needs: USERS,
        rule: Rule::Each(Severity::Critical, Unit::Count),
        advice: phrase("DROP USER ''@'…';", "DROP USER ''@'…';"),
    },
    Check {
        id: "my-superusers",
        level: Level::Weekly,
        area: Area::Security,
        covers: Covers::Now,
        title: phrase("Accounts that may do anything", "拥有全部权限的账号"),
        ask: &[(
            On::Every,
            "select concat(user, '@', host) as subject, null as value,
                    concat_ws(', ', if(super_priv = 'Y', 'SUPER', null), if(grant_priv = 'Y', 'GRANT', null), if(file_priv = 'Y', 'FILE', null)) as detail
             from mysql.user
             where (super_priv = 'Y' or grant_priv = 'Y' or file_priv = 'Y')
               and user not in ('root', 'mariadb.sys', 'mysql.sys', 'mysql.session', 'mysql.infoschema', 'mysql') order by 1",
        )],
        needs: USERS,
        rule: Rule::Each(Severity::Warning, Unit::Count),
        advice: phrase("Revoke what it does not need.", "请收回不需要的权限。"),
    },
    Check {
        id: "my-open-root",
        level: Level::Weekly,
        area: Area::Security,
        covers: Covers::Now,
        title: phrase("root from other hosts", "可远程登录的 root"),
        ask: &[(
            On::Every,
            "select concat(user, '@', host) as subject, null as value, '' as detail from mysql.user
             where user = 'root' and host not in ('localhost', '127.0.0.1', '::1', @@hostname) order by 1",
        )],
        needs: USERS,
        rule: Rule::Each(Severity::Warning, Unit::Count),
        advice: phrase("DROP USER it, and administer from the host.", "请删除该账号，在本机进行管理。"),
    },
    Check {
        id: "my-definers",
        level: Level::Weekly,
        area: Area::Security,
        covers: Covers::Now,
        title: phrase("Events and routines of accounts that are gone", "所有者已不存在的事件与存储程序"),
        ask: &[(
            On::Every,
            "select concat(r.routine_schema, '.', r.routine_name) as subject, null as value, r.definer as detail
             from information_schema.routines r left join mysql.user u
               on convert(r.definer using utf8mb4) collate utf8mb4_bin = convert(concat(u.user, '@', u.host) using utf8mb4) collate utf8mb4_bin
             where u.user is null and r.routine_schema not in ('mysql', 'sys')
             union all
             select concat(e.event_schema, '.', e.event_name), null, e.definer
             from information_schema.events e left join mysql.user u
               on convert(e.definer using utf8mb4) collate utf8mb4_bin = convert(concat(u.user, '@', u.host) using utf8mb4) collate utf8mb4_bin
             where u.user is null order by 1",
        )],
        needs: USERS,
        rule: Rule::Each(Severity::Notice, Unit::Count),
        advice: phrase("They fail when they are called: define them anew.", "调用时会失败：请重新定义。"),
    },
];
