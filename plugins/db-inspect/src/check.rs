//! A check: what is asked, and how the answer is judged. The lists of them are in `postgresql` and `mysql`.

use crate::level::Level;
use crate::phrase::{Phrase, phrase};
use crate::rule::Rule;
use crate::server::{Server, Sight};

/// One question to a server and the rule by which its answer is judged.
///
/// Statements name their columns: `subject` is what the row is about, `value` the number that is judged, `detail` what
/// else helps; `hidden` says why the server does not tell. A statement about the window binds its beginning and its end, in unix seconds and in this order.
#[derive(Debug)]
pub struct Check {
    /// Stable: programs and `skip` go by it.
    pub id: &'static str,
    /// The smallest level that takes this step.
    pub level: Level,
    pub area: Area,
    pub covers: Covers,
    pub title: Phrase,
    /// The first one that suits the server is asked; where none does, the check is left out.
    pub ask: &'static [(On, &'static str)],
    pub needs: Need,
    pub rule: Rule,
    pub advice: Phrase,
}

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Area {
    State,
    Connections,
    Statements,
    Errors,
    Backup,
    Replication,
    Sizes,
    Objects,
    Security,
    Parameters,
    Platform,
    Performance,
}

/// Which time the numbers are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Covers {
    /// The moment of the inspection.
    Now,
    /// The window.
    Window,
    /// All time since the server, or its statistics, began: the server knows no other number.
    SinceStart,
}

/// Which servers a statement is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    Every,
    /// PostgreSQL or MySQL from this version on, as 150000 or 80022.
    From(u32),
    MariaDb,
    MySql,
}

/// What a check needs beyond a plain login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    Nothing,
    /// Something that the server says it shows or not.
    Sight(Sight),
    /// A grant whose absence shows only in the server's refusal: the SQL that gives it.
    Grant(&'static str),
}

impl Check {
    /// The statement for this server; none where the check has no sense there.
    pub fn statement(&self, server: &Server) -> Option<&'static str> {
        self.ask.iter().find(|(on, _)| on.suits(server)).map(|(_, statement)| *statement)
    }

    /// What the person who runs the server can do when this is not visible.
    pub fn remedy(&self) -> Option<Phrase> {
        match self.needs {
            Need::Nothing => None,
            Need::Sight(sight) => Some(sight.remedy()),
            Need::Grant(sql) => Some(crate::phrase::verbatim(sql)),
        }
    }
}

impl On {
    fn suits(self, server: &Server) -> bool {
        match self {
            Self::Every => true,
            Self::From(version) => server.version >= version && !server.is_mariadb(),
            Self::MariaDb => server.is_mariadb(),
            Self::MySql => server.is_mysql(),
        }
    }
}

impl Area {
    pub fn name(self) -> Phrase {
        match self {
            Self::State => phrase("State", "运行状态"),
            Self::Connections => phrase("Connections and waiting", "连接与等待"),
            Self::Statements => phrase("Statements", "语句"),
            Self::Errors => phrase("Errors and alarms", "错误与告警"),
            Self::Backup => phrase("Backup", "备份"),
            Self::Replication => phrase("Replication", "复制"),
            Self::Sizes => phrase("Sizes and growth", "容量与增长"),
            Self::Objects => phrase("Objects", "数据库对象"),
            Self::Security => phrase("Security", "安全性"),
            Self::Parameters => phrase("Parameters", "系统参数"),
            Self::Platform => phrase("Platform", "硬件与系统平台"),
            Self::Performance => phrase("Performance", "性能诊断"),
        }
    }
}

impl Covers {
    pub fn name(self) -> Phrase {
        match self {
            Self::Now => phrase("now", "当前"),
            Self::Window => phrase("window", "采样区间"),
            Self::SinceStart => phrase("since start of statistics", "自统计开始"),
        }
    }
}
